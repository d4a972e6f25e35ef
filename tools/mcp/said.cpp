#include "tools/mcp/said.h"

#include "tools/observation.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace troupe::tools::mcp {

namespace {

constexpr double kWholeFrom = 1e6;   // fractions of what is larger say nothing
constexpr double kDigitsMax = 1e15;  // beyond it a double has no digit for one

void mask_text(std::string& text, const Secrets& secrets) {
  for (const std::string& form : secrets.forms())
    if (text.contains(form)) {
      text = redact(text, secrets);
      return;
    }
}

}  // namespace

void mask(Json& said, const Secrets& secrets) {
  if (secrets.empty()) return;
  if (said.is_string()) return mask_text(said.get_ref<std::string&>(), secrets);
  if (said.is_array())
    for (Json& one : said) mask(one, secrets);
  if (!said.is_object()) return;
  Json masked = Json::object();
  for (auto& [key, value] : said.items()) {
    std::string name = key;
    mask_text(name, secrets);
    mask(value, secrets);
    masked[name] = std::move(value);
  }
  said = std::move(masked);
}

std::string one_line(std::string_view text, std::size_t bytes_max) {
  std::string line;
  for (const char c : text) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!blank)
      line += c;
    else if (!line.empty() && !line.ends_with(' '))
      line += ' ';
    if (line.size() > bytes_max) break;
  }
  if (line.size() > bytes_max) return std::string(beginning(line, bytes_max)) + "…";
  if (line.ends_with(' ')) line.pop_back();
  return line;
}

std::string with_sentence(std::string text, std::string_view sentence) {
  while (!text.empty() && (text.back() == '.' || text.back() == ' ' || text.back() == '\n')) text.pop_back();
  return text + ". " + std::string(sentence);
}

std::string plain_number(double number) {
  const double size = std::abs(number);
  const bool whole = size < kDigitsMax && (size >= kWholeFrom || std::trunc(number) == number);
  return whole ? fmt::format("{:.0f}", number) : fmt::format("{:g}", number);
}

}  // namespace troupe::tools::mcp
