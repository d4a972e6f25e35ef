#pragma once

#include "agents/teams/section.h"
#include "runtime/config/document.h"
#include "runtime/config/environment.h"

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::agents::testing {

struct ReadTeams {
  config::Entries<TeamSettings> settings;
  std::vector<std::string> problems;  ///< "line:column text"
};

/// Reads a `teams:` section by itself; names outside of it are not looked up.
inline ReadTeams read_teams(std::string_view text) {
  config::ProcessEnvironment environment;
  config::Sources sources;
  config::Problems problems(sources);
  auto tree = config::load_text("teams.yaml", "/", text, sources, environment, problems);
  ReadTeams result;
  config::Reader reader(sources, environment, problems);
  if (tree) teams_section()->read(*tree, result.settings, reader);
  for (const config::Problem& problem : problems.take({}))
    result.problems.push_back(std::to_string(problem.line) + ":" + std::to_string(problem.column) + " " +
                              problem.text);
  return result;
}

/// The team `t` with these keys, which must be good.
inline TeamSettings team(const std::string& keys) {
  const ReadTeams read = read_teams("t: { " + keys + " }");
  CAPTURE(keys);
  for (const std::string& problem : read.problems) FAIL_CHECK(problem);
  REQUIRE(read.settings.contains("t"));
  return read.settings.at("t");
}

/// The one problem of such a team, without its place.
inline std::string problem(const std::string& keys) {
  const ReadTeams read = read_teams("t: { " + keys + " }");
  CAPTURE(keys);
  for (std::size_t i = 1; i < read.problems.size(); ++i) FAIL_CHECK(read.problems[i]);
  if (read.problems.empty()) return "";
  return read.problems.front().substr(read.problems.front().find(' ') + 1);
}

}  // namespace troupe::agents::testing
