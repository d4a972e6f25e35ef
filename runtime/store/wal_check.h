#pragma once

#include "runtime/base/result.h"

#include <cstdint>
#include <string>

namespace troupe::store {

/// What a write-ahead log holds, by the file format of SQLite
/// (https://www.sqlite.org/fileformat2.html#walformat).
struct WalReport {
  std::int64_t bytes = 0;  ///< readable from the start: what SQLite will use
  std::int64_t lost =
      0;  ///< committed transactions of the same generation behind that, which SQLite will leave out
  bool header_broken = false;
  bool damaged() const { return lost > 0 || header_broken; }
};

/// Looks at a WAL before SQLite does. SQLite takes the first frame whose checksum fails for the end of the
/// log, which is right after a crash in the middle of a write, and wrong after a bit flipped: committed
/// transactions behind it would be gone without a word. A process that is killed has written from front to
/// back, and never leaves a commit behind a broken frame; a machine that lost power may. The last transaction
/// of a log that was damaged or cut short cannot be told from one that was never finished. A missing or empty
/// file is not an error. Errors: store, when the file cannot be read. Reads the whole file, about 1 GiB/s.
/// Must not be called while this process has the database open (directory.h).
Result<WalReport> check_wal(const std::string& file);

}  // namespace troupe::store
