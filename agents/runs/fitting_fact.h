#pragma once

#include "agents/react/fitting.h"
#include "runtime/base/json.h"

/// A fact `context.fitted`: what was left out of a conversation before a request. Pure.
namespace troupe::agents {

/// Without the contents, which another process makes again.
Json fitting_to_fact(const Fitting& fitting);
Fitting fitting_from_fact(const Json& fact);

}  // namespace troupe::agents
