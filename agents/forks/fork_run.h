#pragma once

#include "agents/forks/fork.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

namespace troupe::agents {

/// Writes what a new run begins with: a copy of what came before it where it has a session of its own, and of
/// what is kept of the run, with run.queued in front; all at once. What it returns is on disk and waits to be
/// taken up, as any unfinished run does. `config`: hash of the configuration it goes on under. Errors:
/// not_found (no such run of the tenant), invalid (as cut(); a run that is a part of a team's), busy (a run
/// that is still at work is resumed, or does not stand still to be read), conflict (it was resumed already),
/// too_large, store.
Task<Result<Forked>> write_fork(Loop& loop, store::Journal& journal, Rng& rng, ForkOrder order,
                                std::string config);

}  // namespace troupe::agents
