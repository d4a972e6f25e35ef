#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/collections.h"

#include <string>
#include <vector>

namespace troupe::agents {

/// What is wrong with a team as a whole.
struct TeamProblem {
  std::string key;  ///< where, as in the configuration: "tasks[1].context[0]"
  std::string text;
};

/// Everything that is wrong within one team: names that are no member, task or node of it, roles that nobody
/// has, tasks that read what is not there yet, graphs that do not come to an end. Pure.
std::vector<TeamProblem> structure_problems(const TeamSettings& team);

/// Of the tasks of `sequential` and `parallel`.
void check_tasks(const TeamSettings& team, std::vector<TeamProblem>& problems);
/// Of nodes and edges.
void check_graph(const TeamSettings& team, std::vector<TeamProblem>& problems);

/// Each team that contains itself, directly or over others, and how: "`a`, `b`, `a`". A cycle is told once.
struct NestingProblem {
  std::string team;
  std::string text;
};
std::vector<NestingProblem> nesting_problems(const config::Entries<TeamSettings>& teams);

}  // namespace troupe::agents
