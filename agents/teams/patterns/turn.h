#pragma once

#include "agents/teams/crew.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <optional>
#include <string>

namespace troupe::agents {

/// Asks a member for its turn, and does what the team's failure policy says where its run fails: asks again
/// under "KEY.retry.N", or a substitute under "KEY.instead". Nothing: it is skipped, which is warned of.
/// A reply that comes back is done. Ends: as Crew::ask(); failed, with the reason of the member's run;
/// cancelled, also without an ask where the stop is requested already.
Task<Teamed<std::optional<Reply>>> take_turn(Crew& crew, Ask ask, Stop& stop);

TeamEnd cancelled_end();

}  // namespace troupe::agents
