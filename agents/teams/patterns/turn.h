#pragma once

#include "agents/teams/crew.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <optional>
#include <string>

namespace troupe::agents {

/// Asks a member for its turn, and does what the team's failure policy says where its run ends as anything
/// but done: asks again under "KEY.again1" and so on, or a substitute under "KEY.instead". Nothing: it is
/// skipped, with a warning `member_skipped`. A reply that comes back is done. Ends: as Crew::ask(); failed
/// (member_failed); cancelled, also without an ask where the stop is requested already.
Task<Teamed<std::optional<Reply>>> take_turn(Crew& crew, Ask ask, Stop& stop);

TeamEnd cancelled_end();

}  // namespace troupe::agents
