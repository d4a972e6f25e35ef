#pragma once

#include "agents/runs/resume_count.h"
#include "agents/runs/run_record.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <string>
#include <vector>

namespace troupe::agents {

/// Ends a run that cannot go on without harm to others as `failed` with the reason `quarantined`, together
/// with those below it that are unfinished: these first, so that a crash in between leaves the run itself to
/// be ended at the next start. Nothing of them is folded. What a request may have used that a crash took is
/// not in the ledger. `below`: in the order in which they began. Errors: those of Journal::commit.
Task<Result<>> quarantine(store::Journal& journal, const Clock& clock, store::RunRow run,
                          std::vector<store::RunRow> below, std::string why);

/// What a run used by its events, and by the rows of those below it that have ended: of its end, only the
/// sums and the steps. Nothing of what cannot be read.
Task<RunEnd> used_by(store::Journal& journal, store::RunRow row);

/// Why a run is set aside that was taken up so often: how often, and what the journal has of it last. Pure.
std::string why_quarantined(const ResumeCount& count, const std::vector<store::Fact>& facts);

}  // namespace troupe::agents
