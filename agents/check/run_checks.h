#pragma once

#include "agents/check/history.h"

/// The invariants that concern one run at a time, each a pure function over its history. What the journal may
/// lawfully have beside them (imported conversations, calls that a crash took, facts of memory after the end)
/// is not told. Of a run that was compacted, its events alone are held to I3, I4 and I8.
namespace troupe::agents {

/// I1: the run is in the log from its acceptance on: its first event is run.queued or run.started, where its
/// row says.
void check_acceptance(const History& history, RunFindings& findings);

/// I3: at most one tool.dispatched for an idempotency key, one more for each time that a person allowed it to
/// be made again since the last, and none without a tool.intent of that key.
/// I4: no tool.intent without the model.reply that asked for it before it. A run of a team that is one call
/// of a tool asks no model.
void check_calls(const History& history, RunFindings& findings);

/// I5: one run.finished at the end of a finished run, none in another, no event after it.
void check_ending(const History& history, RunFindings& findings);

/// I7: what the row says is what its events say.
void check_row(const History& history, RunFindings& findings);

/// I8: the run folds, and each record is one that may follow on those before it, so that a process that took
/// it up there would know what to do. `every_beginning`: also folds each beginning of the history for itself
/// as a start after a crash would; takes the square of its length.
void check_beginnings(const History& history, bool every_beginning, RunFindings& findings);

}  // namespace troupe::agents
