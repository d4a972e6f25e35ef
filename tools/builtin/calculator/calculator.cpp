#include "tools/builtin/calculator/calculator.h"

#include "tools/builtin/calculator/format.h"
#include "tools/builtin/calculator/parser.h"

#include <algorithm>
#include <exception>

#include <fmt/format.h>

namespace troupe::tools::calculator {

namespace {

constexpr std::int64_t kWorkUnits = 40'000'000;  // 40 ms or less on any machine of these years

// "12*4 = ?" asks for the value of what stands before.
std::string_view without_question(std::string_view text) {
  while (!text.empty() &&
         (text.back() == '?' || text.back() == ' ' || text.back() == '\n' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// What stands at the offset, cut at whole characters, so that the message can point at it.
std::string_view excerpt(std::string_view text, std::size_t offset) {
  constexpr std::size_t kShown = 24;
  std::string_view rest = text.substr(std::min(offset, text.size()));
  std::size_t end = std::min(rest.size(), kShown);
  while (end > 0 && end < rest.size() && (static_cast<unsigned char>(rest[end]) & 0xC0) == 0x80) --end;
  return rest.substr(0, end);
}

std::string in_words(const Problem& problem, std::string_view text) {
  if (problem.offset == Problem::kNowhere) return problem.text;
  const std::string_view near = excerpt(text, problem.offset);
  if (near.empty()) return fmt::format("{} (at the end of the expression)", problem.text);
  return fmt::format("{} (at offset {}, near `{}`)", problem.text, problem.offset, near);
}

}  // namespace

Result<std::string> calculate(std::string_view expression, Options options) {
  if (expression.size() > kExpressionBytes)
    return fail(ErrorCode::invalid, fmt::format("the expression has {} bytes; at most {} are read",
                                                expression.size(), kExpressionBytes));
  const std::string_view text = without_question(expression);
  if (text.find_first_not_of(" \t\r\n") == std::string_view::npos)
    return fail(ErrorCode::invalid, "the expression is empty; write one such as (17.5% of 2480) + 12^3");
  Work work(kWorkUnits);
  try {
    Parser parser(text, Setting{work, options.angle});
    const Value value = parser.run();
    return format(value, std::clamp(options.digits, kDigitsMin, kDigitsMax), work);
  } catch (const Problem& problem) {
    return fail(ErrorCode::invalid, in_words(problem, text));
  } catch (const std::exception& e) {  // the number library's own overflow checks
    return fail(ErrorCode::invalid, fmt::format("this cannot be computed: {}", e.what()));
  }
}

}  // namespace troupe::tools::calculator
