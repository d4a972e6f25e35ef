#include "agents/teams/names.h"

#include "agents/chains/placeholders.h"
#include "agents/teams/settings.h"
#include "tools/json_pointer.h"
#include "tools/schema/pattern.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::size_t kNameBytes = 64;
constexpr std::size_t kPathBytes = 1'024;
constexpr std::size_t kPatternBytes = 4'096;
constexpr std::size_t kPointerBytes = 1'024;

std::string path_problem(std::string_view path) {
  if (path.starts_with('/') || path.starts_with('~'))
    return "a path below `artifacts` is relative, such as `report.md`";
  if (path.ends_with('/')) return "this is a folder; name a file in it";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..")
      return "`..` leads out of `artifacts`, the only folder to write to";
    at = end + 1;
  }
  return "";
}

std::string pattern_problem(std::string_view pattern) {
  auto compiled = tools::Pattern::compile(pattern);
  return compiled ? "" : compiled.error().message;
}

}  // namespace

config::ShapePtr<std::string> target_name() {
  return config::reference("targets", "agent, chain or team");
}

config::ShapePtr<std::vector<std::string>> target_names() {
  return config::list_of(target_name(), "a list of names of agents, chains and teams", limits::kTeamMembers);
}

config::ShapePtr<std::string> member_name() {
  return config::line({.expected = "the name of a member", .bytes_max = kNameBytes});
}

config::ShapePtr<std::vector<std::string>> member_names() {
  return config::list_of(member_name(), "a list of members", limits::kTeamMembers);
}

std::string task_name_problem(std::string_view name) {
  if (!is_placeholder_name(name)) return "a name is letters, digits and `_`, so that a text can say {name}";
  for (std::string_view taken : {kTeamInput, kMapItem, kGraphEnd})
    if (name == taken) return fmt::format("`{}` means something else here; take another name", name);
  return "";
}

config::ShapePtr<std::string> output_path() {
  return config::line(
      {.expected = "a path below `artifacts`", .bytes_max = kPathBytes, .check = path_problem});
}

config::ShapePtr<std::string> regular_expression() {
  return config::text(
      {.expected = "a regular expression", .bytes_max = kPatternBytes, .check = pattern_problem});
}

std::string pointer_problem(std::string_view pointer) {
  return tools::pointer_problem(pointer);
}

config::ShapePtr<std::string> json_pointer() {
  return config::line({.expected = "a JSON pointer",
                       .bytes_max = kPointerBytes,
                       .empty_allowed = true,
                       .check = pointer_problem});
}

}  // namespace troupe::agents
