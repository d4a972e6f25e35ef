#pragma once

#include "runtime/base/result.h"

#include <optional>
#include <string>

namespace troupe::app {

struct StoreOptions {
  std::string config;
  std::string store;       ///< the folder; "": that of the configuration
  std::string backup;      ///< the folder of one
  std::string older_than;  ///< a duration; "": no run is compacted
  bool force = false;
  bool json = false;
  bool deep = false;
};

/// The folder of the store that a command is about. Nothing: the configuration is wrong, which was told.
std::optional<std::string> store_folder(const StoreOptions& options);

/// What a command that failed for this reason ends with; the reason is told.
int tell_store(const Error& error);

// `troupe store check` and its sisters: each returns the command's exit code.
int store_check(const StoreOptions& options);
int store_backup(const StoreOptions& options);
int store_restore(const StoreOptions& options);
int store_compact(const StoreOptions& options);

}  // namespace troupe::app
