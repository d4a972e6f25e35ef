#pragma once

#include "agents/limits.h"
#include "agents/runs/run_desk.h"
#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/async/recurring.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <string>

namespace troupe::agents {

/// Forgets conversations that nobody has gone on with for a long time, so that a store does not grow for
/// ever. Whole ones only: a client that asks for events behind the last one it saw gets them all, or hears
/// that there is no such session. One at a time, each in a transaction of its own, as a person would delete
/// it: those with a run that is at work or waits stay, what they used stays in the ledger, and texts kept by
/// content stay until `troupe store compact`. What was forgotten is in the log. Loop thread only.
class Retention {
 public:
  /// `desk` and `workers` outlive it; `store_path` is the store of the desk's journal.
  Retention(Loop& loop, RunDesk& desk, Workers& workers, std::string store_path)
      : loop_(loop),
        desk_(desk),
        workers_(workers),
        store_path_(std::move(store_path)),
        rounds_(loop, "retention", limits::kRetentionEvery) {}

  /// From now on, and every limits::kRetentionEvery, forgets what is older; 0: nothing.
  void begin(Milliseconds forget_after);
  Task<> close() { return rounds_.close(); }

  /// Looks through the store once. How many were forgotten. Errors: store (it cannot be read).
  Task<Result<std::size_t>> sweep(Milliseconds forget_after, Stop& stop);

 private:
  Task<> round(Milliseconds forget_after, Stop& stop);
  Task<bool> forget(const store::SessionRow& session, std::int64_t before);

  Loop& loop_;
  RunDesk& desk_;
  Workers& workers_;
  const std::string store_path_;
  Recurring rounds_;
};

}  // namespace troupe::agents
