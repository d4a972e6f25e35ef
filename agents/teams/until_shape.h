#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/shape.h"

namespace troupe::agents {

/// `until:` of a team: a map with one condition, `{ messages: 20 }`, or with `any`, `all` or `not` of further
/// ones, limits::kUntilDepth deep.
config::ShapePtr<UntilSettings> until_shape();

}  // namespace troupe::agents
