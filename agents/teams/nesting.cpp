#include "agents/teams/structure.h"

#include <algorithm>
#include <functional>
#include <set>

#include <fmt/format.h>

namespace troupe::agents {

std::vector<NestingProblem> nesting_problems(const config::Entries<TeamSettings>& teams) {
  std::vector<NestingProblem> problems;
  std::set<std::string> done;
  std::vector<std::string> way;
  std::function<void(const std::string&)> walk = [&](const std::string& name) {
    if (const auto on = std::ranges::find(way, name); on != way.end()) {
      std::string text;
      for (auto at = on; at != way.end(); ++at) text += fmt::format("`{}` has ", *at);
      problems.push_back({*on, fmt::format("a team cannot contain itself: {}`{}`", text, name)});
      return;
    }
    const auto team = teams.find(name);
    if (team == teams.end() || !done.insert(name).second) return;
    way.push_back(name);
    for (const std::string& member : members_of(team->second)) walk(member);
    way.pop_back();
  };
  for (const auto& [name, team] : teams) walk(name);
  return problems;
}

}  // namespace troupe::agents
