#pragma once

#include "agents/settings.h"
#include "runtime/config/collections.h"

namespace troupe::agents {

/// The `agents:` section; its names are in the namespace "targets", which teams and chains share.
config::ShapePtr<config::Entries<AgentSettings>> section();

}  // namespace troupe::agents
