#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/record.h"

namespace troupe::agents {

/// `join`, `reduce` and `reducer` of a parallel team: `all`, `any`, or `{ quorum: 2 }`.
void add_join_keys(config::Record<TeamSettings>& record);
/// `history` of a handoff team: `all`, `none`, or `{ last: 4 }`.
config::ShapePtr<HistorySettings> history_shape();

}  // namespace troupe::agents
