#pragma once

#include "agents/teams/switchboard.h"
#include "tools/tool.h"

#include <memory>

namespace troupe::agents {

/// `board_read {name?}`: a value of the team's blackboard with its version, or the names of all there are.
std::shared_ptr<tools::Tool> make_board_read_tool(std::shared_ptr<Switchboard> switchboard);
/// `board_write {name, value, version?}`: writes one; `version`: only in the place of that one.
std::shared_ptr<tools::Tool> make_board_write_tool(std::shared_ptr<Switchboard> switchboard);

}  // namespace troupe::agents
