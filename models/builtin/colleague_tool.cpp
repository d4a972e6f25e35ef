#include "models/builtin/colleague_tool.h"

#include "models/builtin/inquiry.h"
#include "models/builtin/shared_words.h"
#include "models/builtin/utf8.h"
#include "models/builtin/words.h"
#include "runtime/base/json.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace troupe::models::builtin {

namespace {

constexpr std::array<std::string_view, 17> kMaking{
    "writ",   "edit",     "review", "summar", "proofread", "polish", "draft", "critic", "rewrit",
    "compos", "translat", "judg",   "작성",   "요약",      "검토",   "편집",  "번역"};
constexpr std::string_view kCalculation =
    " arithmetic calculates calculator maths mathematics numbers sums 계산 수학";
constexpr std::string_view kClockWords = " clock time date 시각 시간 날짜";

bool ends_name(std::string_view rest) {
  return rest.empty() || rest.starts_with(": ") || rest.starts_with("; ");
}

// Where the entry of `name` begins: at the front, or behind the end of a sentence or of another entry.
std::size_t entry(std::string_view text, std::string_view name, std::size_t from) {
  for (std::size_t at = text.find(name, from); at != text.npos; at = text.find(name, at + 1)) {
    const std::string_view before = text.substr(0, at);
    if ((before.empty() || before.ends_with("; ") || before.ends_with(". ") || before.ends_with('\n')) &&
        ends_name(text.substr(at + name.size())))
      return at;
  }
  return text.npos;
}

void read_descriptions(std::string_view text, std::vector<Listed>& colleagues) {
  std::vector<std::size_t> begins;
  std::size_t from = 0;
  for (const Listed& one : colleagues) {
    const std::size_t at = entry(text, one.name, from);
    begins.push_back(at);
    if (at != text.npos) from = at + one.name.size();
  }
  std::size_t end = text.size();
  for (std::size_t i = colleagues.size(); i-- > 0;) {
    if (begins[i] == text.npos) continue;
    std::string_view about = text.substr(begins[i], end - begins[i]).substr(colleagues[i].name.size());
    if (about.starts_with(": ")) about.remove_prefix(2);
    while (!about.empty() && (about.back() == ' ' || about.back() == ';')) about.remove_suffix(1);
    colleagues[i].description = trim(about);
    end = begins[i];
  }
}

std::string with_kinds(std::string_view text) {
  std::string wanted(text);
  for (const Ask& ask : read_inquiry(text, {}).asks) {
    if (ask.kind == AskKind::arithmetic) wanted += kCalculation;
    if (ask.kind == AskKind::clock) wanted += kClockWords;
  }
  return wanted;
}

}  // namespace

std::optional<ColleagueTool> read_colleague_tool(const ToolDeclaration& declaration) {
  const auto schema = parse_json(declaration.schema);
  const Json* properties = schema ? find(*schema, "properties") : nullptr;
  const Json* to = properties ? find(*properties, "to") : nullptr;
  const Json* names = to ? find(*to, "enum") : nullptr;
  if (!names || !names->is_array()) return std::nullopt;
  ColleagueTool tool{.name = declaration.name, .colleagues = {}};
  for (const Json& name : *names)
    if (name.is_string()) tool.colleagues.push_back({name.get<std::string>(), {}});
  if (tool.colleagues.empty()) return std::nullopt;
  read_descriptions(declaration.description, tool.colleagues);
  return tool;
}

std::vector<std::size_t> fitness(std::string_view text, const std::vector<Listed>& colleagues) {
  const std::vector<std::string> wanted = content_stems(with_kinds(text), kWordsWanted);
  std::vector<std::size_t> fits;
  for (const Listed& one : colleagues)
    fits.push_back(
        shared(wanted, content_stems(fmt::format("{} {}", one.name, one.description), kWordsWanted)));
  return fits;
}

bool works_from_material(const Listed& colleague) {
  const std::string about = lower(fmt::format("{} {}", colleague.name, colleague.description));
  return std::ranges::any_of(kMaking, [&](std::string_view word) {
    for (std::size_t at = about.find(word); at != about.npos; at = about.find(word, at + 1))
      if (at == 0 || !is_letter(about[at - 1])) return true;
    return false;
  });
}

std::vector<const Listed*> needed_for(std::string_view task, const std::vector<Listed>& colleagues) {
  const std::vector<std::size_t> fits = fitness(task, colleagues);
  const bool all = std::ranges::none_of(colleagues, [&](const Listed& one) {
    return fits[static_cast<std::size_t>(&one - colleagues.data())] > 0 && !works_from_material(one);
  });
  std::vector<const Listed*> needed;
  for (const bool last : {false, true})
    for (std::size_t i = 0; i < colleagues.size(); ++i)
      if ((all || fits[i] > 0) && works_from_material(colleagues[i]) == last)
        needed.push_back(&colleagues[i]);
  return needed;
}

}  // namespace troupe::models::builtin
