#pragma once

#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <functional>
#include <string>

namespace troupe::store {

struct Compaction {
  std::int64_t texts = 0;   ///< that nothing refers to any more, and that were deleted
  std::int64_t before = 0;  ///< bytes of the journal
  std::int64_t after = 0;
};

/// Told while the log is read for what it refers to: records of how many.
using CompactionProgress = std::function<void(std::int64_t done, std::int64_t total)>;

/// Makes the journal in `directory` as small as what is in it: deletes texts kept by content whose hash
/// stands nowhere in the log or in a row, and gives the space of what was deleted back to the disk. Events,
/// facts, rows and the ledger stay as they are. The caller holds the lock; nobody has the journal open. Needs
/// about as much free space as the journal is large; an interruption anywhere leaves it whole. About 100
/// MiB/s. Errors: not_found, store.
Result<Compaction> compact(const StoreLock& lock, const std::string& directory,
                           const CompactionProgress& progress);

}  // namespace troupe::store
