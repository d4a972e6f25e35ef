#pragma once

#include "agents/settings.h"
#include "agents/teams/crew.h"
#include "agents/teams/settings.h"
#include "agents/teams/switchboard.h"
#include "prompts/prompt.h"
#include "runtime/base/result.h"
#include "tools/tool.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// Names of those that a team makes of its `model`.
inline constexpr std::string_view kManager = "manager";
inline constexpr std::string_view kSelector = "selector";
inline constexpr std::string_view kJudge = "judge";

/// An agent of a team before it is made, with the tools that only it has.
struct MemberDraft {
  AgentSettings settings;  ///< named "team/member", for a task's guardrail "team/member@task"
  tools::ToolTable tools;
};

/// One that the team needs and has no agent for; nothing where `name` is none of these.
std::optional<AgentSettings> made_member(const TeamSettings& team, std::string_view name,
                                         const prompts::PromptSet& prompts);

/// `agent` as the member `name` of the team, among `views`. Errors: not_found (a prompt).
Result<MemberDraft> draft_of(const TeamSettings& team, const AgentSettings& agent, std::string_view name,
                             const std::vector<MemberView>& views, std::shared_ptr<Switchboard> switchboard,
                             const prompts::PromptSet& prompts);

}  // namespace troupe::agents
