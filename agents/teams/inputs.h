#pragma once

#include "agents/teams/settings.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace troupe::agents {

/// Whether a run of the team is given all that its texts name. Errors: invalid, naming each that is missing
/// and where it is used.
Result<> check_inputs(const TeamSettings& team, const Json& inputs);

}  // namespace troupe::agents
