#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/record.h"

namespace troupe::agents {

/// `nodes`, `edges` and `start` of a graph.
void add_graph_keys(config::Record<TeamSettings>& record);

}  // namespace troupe::agents
