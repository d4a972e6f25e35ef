#pragma once

#include "runtime/base/result.h"
#include "runtime/store/journal.h"
#include "runtime/store/sqlite.h"

#include <string>

namespace troupe::store {

/// Opens the file of a store that nobody has open, for commands that write to it: a restore that was cut off
/// is finished first. The caller holds the lock. Errors: not_found (there is no store), store (it is damaged,
/// or has another schema).
Result<Database> open_offline(const StoreLock& lock, const std::string& directory);

}  // namespace troupe::store
