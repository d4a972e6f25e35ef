#pragma once

#include "agents/compaction/compactor.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <functional>
#include <string>

namespace troupe::agents {

/// Told after each page of runs: how many were compacted so far, and the number of the last one looked at of
/// `total`.
using CompactionProgress = std::function<void(std::int64_t runs, std::int64_t looked, std::int64_t total)>;

/// Compacts the runs of a store that nobody has whose team ended before `before_ms`, as Compactor does beside
/// a daemon. The caller holds the lock. An interruption anywhere leaves the store whole. Blocking. Errors:
/// not_found (there is no store), store.
Result<CompactedRuns> compact_runs(const store::StoreLock& lock, const std::string& directory,
                                   std::int64_t before_ms, std::int64_t wall_ms,
                                   const CompactionProgress& progress);

}  // namespace troupe::agents
