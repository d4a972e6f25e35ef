#pragma once

#include "agents/limits.h"
#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/async/recurring.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <string>

namespace troupe::agents {

/// What was compacted.
struct CompactedRuns {
  std::int64_t runs = 0;
  std::int64_t facts = 0;  ///< that were dropped
  std::int64_t bytes = 0;  ///< of their texts
};

/// Compacts the runs of a daemon that ended long ago: drops the facts that only its engine needed, in
/// transactions of at most kDroppedAtOnce facts with a pause after each, so that no run waits for it; events,
/// rows, the ledger and what later runs go by stay. A stop or a crash anywhere leaves a run that is compacted
/// in part, which the next sweep goes on with. Which runs: see CompactionSearch. Loop thread only.
class Compactor {
 public:
  /// `journal` and `workers` outlive it; `store_path` is the store of the journal.
  Compactor(Loop& loop, store::Journal& journal, Workers& workers, std::string store_path)
      : loop_(loop),
        journal_(journal),
        workers_(workers),
        store_path_(std::move(store_path)),
        rounds_(loop, "compaction", limits::kRetentionEvery) {}

  /// From now on, and every limits::kRetentionEvery, compacts what is older; 0: nothing.
  void begin(Milliseconds compact_after);
  Task<> close() { return rounds_.close(); }

  /// Looks through the store once. Errors: store (it cannot be read or written).
  Task<Result<CompactedRuns>> sweep(Milliseconds compact_after, Stop& stop);

 private:
  Task<> round(Milliseconds compact_after, Stop& stop);
  Task<Result<>> compact(std::int64_t run, Stop& stop, CompactedRuns& done);

  Loop& loop_;
  store::Journal& journal_;
  Workers& workers_;
  const std::string store_path_;
  Recurring rounds_;
};

}  // namespace troupe::agents
