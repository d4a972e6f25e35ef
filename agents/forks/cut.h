#pragma once

#include "agents/forks/fork.h"
#include "agents/forks/history.h"
#include "runtime/base/result.h"

namespace troupe::agents {

/// Whether what is put in has a size that a message may have. Errors: too_large.
Result<> check_sizes(const ForkOrder& order);

/// Takes away from a run and those below it what the order does not keep, and puts in what it changes; pure.
/// Returns how many steps (of a team: tasks) are kept. What says that the run was accepted, began and ended
/// goes in any case. Errors: invalid (there is no such step or call, or it is not kept; nothing is left to do
/// for a run that is resumed).
Result<int> cut(PastTree& tree, const ForkOrder& order);

}  // namespace troupe::agents
