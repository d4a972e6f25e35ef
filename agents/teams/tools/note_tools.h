#pragma once

#include "agents/teams/settings.h"
#include "agents/teams/switchboard.h"
#include "agents/teams/tools/colleague_schema.h"
#include "tools/tool.h"

#include <memory>
#include <string_view>

namespace troupe::agents {

/// `publish {topic, text, source?}`: a note to all who read the topic, each at its next turn. The observation
/// says who they are; that there are none is said, and no error. `member`: who has the tool, whom
/// `team.publish` names.
std::shared_ptr<tools::Tool> make_publish_tool(const TeamSettings& team, std::string_view member,
                                               std::shared_ptr<Switchboard> switchboard);
/// `tell {to, text}`: a note to one colleague.
std::shared_ptr<tools::Tool> make_tell_tool(const Colleagues& colleagues,
                                            std::shared_ptr<Switchboard> switchboard);

}  // namespace troupe::agents
