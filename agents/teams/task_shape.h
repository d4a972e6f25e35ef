#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/shape.h"

#include <vector>

namespace troupe::agents {

/// `tasks:` of a sequential team.
config::ShapePtr<std::vector<TaskSettings>> tasks_shape();
/// `tasks:` of a parallel team, which know nothing of each other.
config::ShapePtr<std::vector<TaskSettings>> parallel_tasks_shape();

}  // namespace troupe::agents
