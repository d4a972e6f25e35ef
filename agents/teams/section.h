#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/collections.h"

namespace troupe::agents {

/// The `teams:` section; its names are in the namespace "targets", which agents and chains share. That a team
/// does not contain itself is seen only with all of them: nesting_problems().
config::ShapePtr<config::Entries<TeamSettings>> teams_section();

}  // namespace troupe::agents
