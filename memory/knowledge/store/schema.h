#pragma once

#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <cstdint>
#include <string>

namespace troupe::memory {

/// The file of all knowledge bases of a store, beside the journal: an ingest never stands before a run's
/// commit. Opens it, or makes it, readable to its owner alone. Several processes may have it open; each waits
/// for the other's transaction a little. Blocking. Errors: conflict (somebody else's file, or of a newer
/// version: nothing was changed), store (cannot be opened, damaged).
Result<store::Database> open_knowledge(const std::string& file);

/// The table of full-text terms of a base: a table each, because BM25 weighs a word by how many texts of the
/// *table* hold it, and one tenant's texts must not change what another finds.
std::string terms_table(std::int64_t base);

}  // namespace troupe::memory
