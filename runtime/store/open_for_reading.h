#pragma once

#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <string>

namespace troupe::store {

/// A connection that reads the journal in `directory`, beside a daemon that writes it or on one that nobody
/// has. It takes no lock and changes nothing. Errors: not_found when there is none; store when it is damaged,
/// newer or older than this binary reads, or cannot be read by this user.
Result<Database> open_for_reading(const std::string& directory);

/// The same for any one file of a store or of a backup, whatever is in it.
Result<Database> open_file_for_reading(const std::string& file);

}  // namespace troupe::store
