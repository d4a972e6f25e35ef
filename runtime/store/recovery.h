#pragma once

#include "runtime/base/result.h"

#include <string>

namespace troupe::store {

/// Looks at the WAL of the journal in `directory` before it is opened for writing, which makes final whatever
/// SQLite leaves out of it; then notes in the file `boot` in which start of this machine the journal was
/// opened last.
///
/// Where committed transactions would be lost although the machine has not been started anew since, the file
/// was damaged: ErrorCode::store, saying how to go on without them. After a power cut a torn log is what
/// `sync: normal` says may happen: a copy is kept beside the file, the log says so, and it is no error.
/// (`boot` is not synced: should a power cut take it, too, it does not name this start of the machine
/// either.) Must not be called while this process has the journal open.
Result<> examine_wal(const std::string& directory);

}  // namespace troupe::store
