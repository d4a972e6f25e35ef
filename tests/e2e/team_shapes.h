#pragma once

#include "tests/e2e/team_models.h"
#include "tests/e2e/team_trace.h"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace troupe::e2e {

/// One reply in the course of a team: which of the script it is, and in whose run.
struct TeamStep {
  std::string member;            ///< whose model
  std::size_t nth = 0;           ///< of its replies
  std::string address = {};      ///< in its team; "": as the member
  std::string team = {};         ///< whose member it is, one inside of the other; "": the shape's
  int at_once = 0;               ///< steps with the same number, not 0, are made at the same time
  bool asked_by_member = false;  ///< by a colleague's tool, who goes on when it fails
  bool has_tools = true;
};

/// A team of one pattern with what its members' models say and what comes of it.
struct TeamShape {
  std::string name;  ///< of the team
  std::string yaml;  ///< of its entry
  Script script;
  std::vector<TeamStep> steps;  ///< all of the script, in order
  std::string answer;
  Trace order;
  std::string inner = {};       ///< entries of teams that are its members
  std::string said_after = {};  ///< the line from which on it has something to show at a limit; "": none
};

/// What a team is asked: names the team, as its members' prompts do, so that several can be played at once.
std::string question_for(const TeamShape& shape);
std::shared_ptr<Play> play(TeamModels& models, const TeamShape& shape);

/// Every pattern, in its variants.
std::vector<TeamShape> team_shapes();

/// A configuration with all of them; `more` are further keys of each team, `agent` of each agent, and `tools`
/// further tools.
std::string team_yaml(const TeamModels& models, const std::string& more = "",
                      const std::string& agent = ", tools: [calculator]", const std::string& tools = "");

/// Of the run that makes a step.
std::string address_of(const TeamShape& shape, const TeamStep& step);

/// The trace of a run as far as it comes when nothing comes of these steps.
Trace until_steps(const TeamShape& shape, const std::vector<TeamStep>& steps);

/// The trace of a run in which these lines come before those of the step.
Trace with_lines_before(const TeamShape& shape, const TeamStep& step, const Trace& lines);

/// The steps that are made when this one is, itself among them.
std::vector<TeamStep> made_with(const TeamShape& shape, const TeamStep& step);

}  // namespace troupe::e2e
