#include "agents/teams/settings.h"

#include "agents/chains/placeholders.h"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// Collects the names in braces that `known` does not have.
class Inputs {
 public:
  explicit Inputs(std::vector<std::string> known) : known_(std::move(known)) {}

  void add(const std::string& text, const std::string& place) {
    for (const std::string& name : placeholders_of(text)) {
      if (std::ranges::find(known_, name) != known_.end()) continue;
      if (std::ranges::find(found_, name, &TeamInput::name) == found_.end()) found_.push_back({name, place});
    }
  }
  void add_texts(const Json& value, const std::string& place) {
    if (value.is_string()) add(value.get_ref<const std::string&>(), place);
    if (value.is_structured())
      for (const auto& [key, member] : value.items()) add_texts(member, place);
  }
  std::vector<TeamInput> take() { return std::move(found_); }

 private:
  std::vector<std::string> known_;
  std::vector<TeamInput> found_;
};

void add_task_inputs(const TeamSettings& team, std::vector<TeamInput>& found) {
  std::vector<std::string> known = task_names(team);
  known.emplace_back(kTeamInput);
  Inputs inputs(std::move(known));
  for (std::size_t i = 0; i < team.tasks.size(); ++i) {
    const TaskSettings& task = team.tasks[i];
    inputs.add(task.description, fmt::format("tasks[{}].description", i));
    inputs.add(task.expected_output, fmt::format("tasks[{}].expected_output", i));
    inputs.add(task.output_file, fmt::format("tasks[{}].output_file", i));
  }
  found = inputs.take();
}

void add_node_inputs(const TeamSettings& team, std::vector<TeamInput>& found) {
  for (const auto& [name, node] : team.nodes) {
    std::vector<std::string> known{std::string(kTeamInput)};
    for (const auto& [other, settings] : team.nodes) known.push_back(other);
    for (const TeamInput& one : found) known.push_back(one.name);
    if (!node.map.empty()) known.emplace_back(kMapItem);
    Inputs inputs(std::move(known));
    inputs.add(node.text, fmt::format("nodes.{}.text", name));
    inputs.add(node.person, fmt::format("nodes.{}.person", name));
    inputs.add_texts(node.input, fmt::format("nodes.{}.input", name));
    inputs.add(node.output_file, fmt::format("nodes.{}.output_file", name));
    for (TeamInput& one : inputs.take()) found.push_back(std::move(one));
  }
}

}  // namespace

std::vector<std::string> members_of(const TeamSettings& team) {
  std::vector<std::string> names;
  auto add = [&](const std::string& name) {
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  auto add_substitute = [&](const std::optional<FailurePolicy>& failure) {
    if (failure) add(failure->substitute);
  };
  for (const std::string& name : team.members) add(name);
  for (const TaskSettings& task : team.tasks) add(task.agent);
  for (const auto& [name, node] : team.nodes) add(node.run);
  for (const std::string* name : {&team.manager, &team.selector, &team.judge, &team.join.reducer}) add(*name);
  add_substitute(team.failure);
  for (const TaskSettings& task : team.tasks) add_substitute(task.failure);
  for (const auto& [name, node] : team.nodes) add_substitute(node.failure);
  return names;
}

std::vector<std::string> task_names(const TeamSettings& team) {
  std::map<std::string, int> used;
  for (const TaskSettings& task : team.tasks) ++used[task.name.empty() ? task.agent : task.name];
  std::vector<std::string> names;
  for (std::size_t i = 0; i < team.tasks.size(); ++i) {
    const TaskSettings& task = team.tasks[i];
    if (!task.name.empty())
      names.push_back(task.name);
    else
      names.push_back(used[task.agent] == 1 ? task.agent : std::to_string(i + 1));
  }
  return names;
}

std::vector<TeamInput> inputs_of(const TeamSettings& team) {
  std::vector<TeamInput> found;
  if (team.pattern == PatternKind::graph)
    add_node_inputs(team, found);
  else
    add_task_inputs(team, found);
  return found;
}

}  // namespace troupe::agents
