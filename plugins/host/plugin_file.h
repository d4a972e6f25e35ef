#pragma once

#include "plugins/settings.h"
#include "runtime/base/result.h"

#include <string>

namespace troupe::plugins {

inline constexpr std::size_t kLibraryBytes = 256u << 20;

/// That nobody but its owner, who is root or this process's user, may change a folder. Errors: denied (in
/// words, with what to do), store.
Result<> check_trusted_folder(const std::string& folder);
/// The bytes of a file of which the same is true. Errors: not_found, denied, invalid (no file), too_large,
/// store.
Result<std::string> read_trusted_file(const std::string& path, std::size_t bytes_max);

/// A plugin's library as it was when it was looked at.
struct PluginFile {
  std::string path;    ///< of a copy that nobody changes
  std::string sha256;  ///< hex
};

/// The folder where daemons keep copies of the libraries they run: what is loaded stays what was checked,
/// also when the file is written over or replaced by one that does not work.
class PluginFolder {
 public:
  /// `path`: made if absent, with its parent; both must be nobody else's to change.
  explicit PluginFolder(std::string path) : path_(std::move(path)) {}

  /// Checks the library of `settings` and copies it, unless the copy is there. Errors: not_found; denied (it,
  /// or its folder, belongs to others or may be changed by others; another hash than `sha256`); too_large;
  /// store. Blocking.
  Result<PluginFile> take(const PluginSettings& settings) const;

 private:
  Result<> make_folders() const;

  const std::string path_;
};

}  // namespace troupe::plugins
