#pragma once

#include "runtime/base/result.h"
#include "runtime/store/database_copy.h"
#include "runtime/store/journal.h"

#include <string>
#include <vector>

namespace troupe::store {

struct RestoreSummary {
  std::vector<std::string> files;      ///< that came from the backup
  std::vector<std::string> set_aside;  ///< what they replaced, under the names it has now
};

/// Puts the backup in the folder `from` (or any folder with a journal.db that nobody writes) in the place of
/// the store in `directory`, whose lock the caller holds. What was there is set aside under names with the
/// time
/// (`stamp`, as "20261129T170000Z"), WAL included, and never deleted. A store that has documents of its own
/// keeps them where the backup has none. The id of the store is the backup's.
///
/// All at once: the files are copied and checked first, then a note is made of what is to be done
/// (`restore`), and whoever opens the store while there is such a note finishes it. Before the note the store
/// is the old one, from then on the new one. Errors: not_found (no backup there), store (damaged, not a
/// journal, a newer schema, no space); the store is the old one then.
Result<RestoreSummary> restore(const StoreLock& lock, const std::string& from, const std::string& directory,
                               const std::string& stamp, const CopyProgress& progress);

/// Finishes what an interrupted restore() had to do. Nothing to do is not an error. The caller holds the
/// lock, and has the store's files not open. Errors: store.
Result<> finish_restore(const std::string& directory);

/// True where finish_restore() has something to do: the files are to be read by nobody.
bool restore_pending(const std::string& directory);

}  // namespace troupe::store
