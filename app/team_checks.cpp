#include "app/team_checks.h"

#include "agents/teams/structure.h"
#include "app/model_checks.h"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

namespace troupe::app {

namespace {

using config::Check;

void check_nesting(const Configuration& all, Check& check) {
  for (const agents::NestingProblem& problem : agents::nesting_problems(all.teams))
    check.entry("teams", problem.team, "team").error("", problem.text);
}

void check_files(const Configuration& all, const agents::TeamSettings& team, Check& here) {
  if (!all.artifacts.empty()) return;
  auto look_at = [&](const std::string& file, const std::string& place) {
    if (!file.empty())
      here.error(place,
                 "there is no folder that files may be written to; add `artifacts: ./out` to the "
                 "configuration");
  };
  for (std::size_t i = 0; i < team.tasks.size(); ++i)
    look_at(team.tasks[i].output_file, fmt::format("tasks[{}].output_file", i));
  for (const auto& [name, node] : team.nodes)
    look_at(node.output_file, fmt::format("nodes.{}.output_file", name));
}

void check_cost(const Configuration& all, const agents::TeamSettings& team, Check& here) {
  if (team.limits.cost <= 0) return;
  for (const std::string& model : models_of_team(all, team))
    if (auto one = unpriced(all.models, model))
      here.error("limits.cost",
                 fmt::format("{1} has no price, so the team's cost cannot be limited; add `price: "
                             "{{ input: …, output: … }}` to `models.{0}`",
                             *one, as_asked(*one, model)));
}

// A node's question goes to a tool of that name; one of another kind would be called instead.
void check_questions(const Configuration& all, const agents::TeamSettings& team, Check& here) {
  const auto tool = all.tools.find(agents::kPersonTool);
  if (tool == all.tools.end() || tool->second.type == "ask_human") return;
  for (const auto& [name, node] : team.nodes)
    if (!node.person.empty())
      here.error(
          fmt::format("nodes.{}.person", name),
          fmt::format("people are asked with a tool `{0}`, but `tools.{0}` is a {1}; give that another "
                      "name, or make it `type: ask_human`",
                      agents::kPersonTool, tool->second.type));
}

class ModelsOfTeam {
 public:
  explicit ModelsOfTeam(const Configuration& all) : all_(all) {}

  void add(const agents::TeamSettings& team) {
    if (!seen_.insert(team.name).second) return;
    model(team.model);
    for (const agents::TaskSettings& task : team.tasks) rules(task.guardrail);
    for (const std::string& name : agents::members_of(team)) {
      if (auto agent = all_.agents.find(name); agent != all_.agents.end()) {
        model(agent->second.model);
        rules(agent->second.guardrails.input);
        rules(agent->second.guardrails.output);
      }
      if (auto chain = all_.chains.find(name); chain != all_.chains.end())
        for (const std::string& one : agents::models_of(chain->second)) model(one);
      if (auto inner = all_.teams.find(name); inner != all_.teams.end()) add(inner->second);
    }
  }
  std::vector<std::string> take() { return std::move(models_); }

 private:
  void model(const std::string& name) {
    if (all_.models.contains(name) && std::ranges::find(models_, name) == models_.end())
      models_.push_back(name);
  }
  void rules(const std::vector<agents::RuleSettings>& rules) {
    for (const agents::RuleSettings& rule : rules) model(rule.model);
  }

  const Configuration& all_;
  std::set<std::string> seen_;
  std::vector<std::string> models_;
};

}  // namespace

std::vector<std::string> models_of_team(const Configuration& all, const agents::TeamSettings& team) {
  ModelsOfTeam models(all);
  models.add(team);
  return models.take();
}

void check_teams(const Configuration& all, Check& check) {
  check_nesting(all, check);
  for (const auto& [name, team] : all.teams) {
    Check here = check.entry("teams", name, "team");
    check_files(all, team, here);
    check_cost(all, team, here);
    check_questions(all, team, here);
    for (std::size_t i = 0; i < team.tasks.size(); ++i)
      check_judges(all.models, team.limits.cost > 0, team.tasks[i].guardrail,
                   fmt::format("tasks[{}].guardrail", i), here);
  }
}

std::string only_target(const Configuration& all) {
  std::set<std::string> members;
  for (const auto& [name, team] : all.teams)
    for (const std::string& member : agents::members_of(team)) members.insert(member);
  std::vector<std::string> targets;
  auto add = [&](const auto& entries) {
    for (const auto& [name, entry] : entries)
      if (!members.contains(name)) targets.push_back(name);
  };
  add(all.agents);
  add(all.chains);
  add(all.teams);
  return targets.size() == 1 ? targets.front() : "";
}

}  // namespace troupe::app
