#include "tools/json_pointer.h"

#include <algorithm>
#include <cctype>

namespace troupe::tools {

namespace {

std::string step_name(std::string_view step) {
  std::string name;
  for (std::size_t i = 0; i < step.size(); ++i) {
    if (step[i] == '~' && i + 1 < step.size())
      name += step[++i] == '1' ? '/' : '~';
    else
      name += step[i];
  }
  return name;
}

const Json* element(const Json& list, std::string_view step) {
  constexpr std::size_t kDigits = 9;
  const bool number = !step.empty() && step.size() <= kDigits &&
                      std::ranges::all_of(step, [](unsigned char c) { return std::isdigit(c); }) &&
                      (step.size() == 1 || step.front() != '0');
  if (!number) return nullptr;
  const auto index = std::stoul(std::string(step));
  return index < list.size() ? &list[index] : nullptr;
}

}  // namespace

std::string pointer_problem(std::string_view pointer) {
  if (pointer.empty()) return "";
  if (!pointer.starts_with('/')) return "a JSON pointer begins with `/`, such as `/items/0/title`";
  for (std::size_t at = pointer.find('~'); at != pointer.npos; at = pointer.find('~', at + 1))
    if (at + 1 == pointer.size() || (pointer[at + 1] != '0' && pointer[at + 1] != '1'))
      return "in a JSON pointer a `~` is written `~0` and a `/` within a name `~1`";
  return "";
}

const Json* at_pointer(const Json& value, std::string_view pointer) {
  const Json* here = &value;
  while (here && !pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view step = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(step.size());
    here = here->is_array() ? element(*here, step) : find(*here, step_name(step));
  }
  return here;
}

std::string pointer_step(std::string_view name) {
  std::string step;
  for (const char c : name) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return step;
}

}  // namespace troupe::tools
