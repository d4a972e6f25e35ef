#pragma once

#include "agents/teams/switchboard.h"
#include "agents/teams/tools/colleague_schema.h"
#include "tools/tool.h"

#include <memory>

namespace troupe::agents {

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
