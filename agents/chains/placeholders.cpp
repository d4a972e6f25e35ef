#include "agents/chains/placeholders.h"

#include <algorithm>

namespace troupe::agents {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

}  // namespace

bool is_placeholder_name(std::string_view name) {
  return !name.empty() && is_letter(name.front()) &&
         std::ranges::all_of(name, [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::vector<std::string> placeholders_of(std::string_view text) {
  std::vector<std::string> names;
  for (std::size_t open = text.find('{'); open != text.npos; open = text.find('{', open + 1)) {
    const std::size_t end = text.find_first_of("{}", open + 1);
    if (end == text.npos) break;
    const std::string_view name = text.substr(open + 1, end - open - 1);
    if (text[end] != '}' || !is_placeholder_name(name)) continue;
    if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  }
  return names;
}

}  // namespace troupe::agents
