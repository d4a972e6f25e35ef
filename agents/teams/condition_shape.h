#pragma once

#include "agents/teams/settings.h"
#include "runtime/config/shape.h"

namespace troupe::agents {

/// `when:` of an edge: `{ of: NODE, at: /pointer, equals: … }` with one test, or a map with `any`, `all` or
/// `not` of further ones, limits::kUntilDepth deep.
config::ShapePtr<ConditionSettings> condition_shape();

}  // namespace troupe::agents
