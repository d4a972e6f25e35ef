#pragma once

#include "agents/teams/crew.h"
#include "agents/teams/switchboard.h"
#include "tools/tool.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::agents {

/// Whom a member may reach with one of its tools.
using Colleagues = std::vector<MemberView>;

/// `delegate {to, task, expected_output?}`: a colleague does a part of the work; its answer is the
/// observation.
std::shared_ptr<tools::Tool> make_delegate_tool(const Colleagues& colleagues,
                                                std::shared_ptr<Switchboard> switchboard);
/// `ask {to, question}`: a colleague is asked something.
std::shared_ptr<tools::Tool> make_ask_tool(const Colleagues& colleagues,
                                           std::shared_ptr<Switchboard> switchboard);
/// `handoff {to, reason}`: a colleague goes on with the conversation, and the member's work ends.
std::shared_ptr<tools::Tool> make_handoff_tool(const Colleagues& colleagues);

}  // namespace troupe::agents
