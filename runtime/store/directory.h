#pragma once

#include "runtime/base/result.h"

#include <string>

namespace troupe::store {

/// Makes the directory of a store, with its parents, for its owner alone (0700). A directory that others may
/// enter is narrowed, and the log says so. Errors: store (cannot be made, is no directory, belongs to
/// somebody else).
Result<> prepare_directory(const std::string& directory);

/// Makes sure that `file` exists, readable and writable by its owner alone (0600), before SQLite opens it:
/// SQLite would follow the umask, and gives its WAL the mode of the database. Must not be called while this
/// process has the file open through SQLite: closing any descriptor of a file drops the POSIX locks of the
/// process on it.
Result<> prepare_file(const std::string& file);

}  // namespace troupe::store
