#pragma once

#include "agents/runs/run_record.h"
#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/store/journal.h"

#include <string_view>

namespace troupe::agents {

inline constexpr std::string_view kStoppedFact = "run.stopped";

/// Why a run was stopped from outside before it had come to its end, and when: what a replay of it cannot
/// find out otherwise.
struct RunStopped {
  bool deadline = false;    ///< its time was over; else it was cancelled
  bool after_step = false;  ///< it was to end after its step
  bool between = false;     ///< it was found out before anything of the next step was begun
  Milliseconds used{0};     ///< of the run's time
};

store::Fact stopped_fact(const RunRecord& record, int step, const RunStopped& stopped);
RunStopped stopped_from_fact(const Json& fact);

}  // namespace troupe::agents
