#pragma once

#include "agents/teams/crew.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <optional>

namespace troupe::agents {

/// Asks a member for its turn by the team's failure policy (see ask_by_policy), and nobody where the stop is
/// requested already.
Task<Teamed<std::optional<Reply>>> take_turn(Crew& crew, Ask ask, Stop& stop);

}  // namespace troupe::agents
