#pragma once

#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <cstdint>
#include <functional>
#include <string>

namespace troupe::store {

/// Pages that were copied, of how many.
using CopyProgress = std::function<void(std::int64_t done, std::int64_t total)>;

/// Copies what `from` has at this moment into the new file `to`, whoever writes it meanwhile: SQLite's online
/// backup, in steps of kCopyPages, over one snapshot. The copy is its owner's alone (0600), one file, whole
/// (quick_check) and on disk (fsync) when this returns; after an error there is none. The WAL of `from` is
/// not reused until then: beside a writer it grows by what is written in that time. Blocking; about 200
/// MiB/s. Errors: store (either file cannot be read or written, no space, the copy is damaged), naming the
/// file; conflict (`to` exists).
Result<> copy_database(Database& from, const std::string& to, const CopyProgress& progress);

/// Flushes a file or a directory to the disk. Errors: store.
Result<> sync_to_disk(const std::string& path);

inline constexpr int kCopyPages = 256;  ///< of 4 KiB

}  // namespace troupe::store
