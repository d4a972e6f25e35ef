#pragma once

#include "agents/agent.h"
#include "agents/teams/team.h"
#include "models/model.h"
#include "models/settings.h"
#include "prompts/prompt.h"
#include "runtime/base/result.h"
#include "runtime/store/artifacts.h"
#include "tools/tool.h"

#include <memory>
#include <vector>

namespace troupe::agents {

/// What teams are made from. All of it is read while they are made.
struct TeamServices {
  const std::vector<AgentSettings>& agents;
  const std::vector<models::ModelSettings>& model_settings;
  const models::ModelTable& models;
  const tools::ToolTable& tools;
  const prompts::PromptSet& prompts;
  const MemorySources& memory;
  const ChainTable& chains;
  std::shared_ptr<store::Artifacts> artifacts;  ///< null: nothing may be written
};

/// Looks everything up. A member is its agent with what its team adds: the address "team/member", a paragraph
/// about the team, the tools to reach colleagues. Errors: not_found, invalid, each naming the team.
Result<TeamTable> make_teams(const std::vector<TeamSettings>& settings, const TeamServices& services);

}  // namespace troupe::agents
