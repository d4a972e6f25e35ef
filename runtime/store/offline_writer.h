#pragma once

#include "runtime/base/result.h"
#include "runtime/store/journal.h"
#include "runtime/store/sqlite.h"

#include <string>

namespace troupe::store {

/// Appends to a journal that nobody has open, without a loop and without starting it: which process had it
/// last, and whether that one closed it, stays as it is. For commands that keep a store. One thread.
class OfflineWriter {
 public:
  /// The caller holds the lock. Errors: not_found (there is no store), store (it is damaged, or has another
  /// schema).
  static Result<OfflineWriter> open(const StoreLock& lock, const std::string& directory);

  /// One transaction. Errors: as Journal::commit(), and store where the disk does not take it: nothing is
  /// tried again.
  Result<> commit(Append append, std::int64_t wall_ms);

 private:
  explicit OfflineWriter(Database database) : database_(std::move(database)) {}
  Database database_;
};

}  // namespace troupe::store
