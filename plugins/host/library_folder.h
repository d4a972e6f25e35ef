#pragma once

#include "plugins/settings.h"
#include "runtime/base/result.h"
#include "runtime/config/collections.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::plugins {

inline constexpr std::size_t kFolderLibraries = 256;      // in one folder
inline constexpr std::size_t kAllowFileBytes = 1u << 20;  // of an `allow_file`

using Hashes = std::set<std::string, std::less<>>;

/// The plugin that a library is in a folder: "weather" of "weather.so" and "libweather.so"; "" when that
/// cannot be a plugin's name. Pure.
std::string plugin_of_file(std::string_view file);

/// The hashes of a list as `sha256sum` writes it, or of hashes alone, one a line; empty lines and those that
/// begin with `#` are passed over. Errors: invalid, naming the first line that is none. Pure.
Result<Hashes> read_hashes(std::string_view text);

/// A library that lies in the folder and is not loaded, and why, as a sentence goes on ("its SHA-256 …").
struct LeftOut {
  std::string name;  ///< of the plugin, or of the file where it cannot be one
  std::string path;
  std::string why;
};

/// What a folder holds.
struct FolderScan {
  std::vector<PluginSettings> plugins;  ///< by name; `sha256` is that of the file
  std::vector<LeftOut> left_out;
  Hashes allowed;
};

/// Looks at every library of a folder. One of which `plugins` says something has the settings that stand
/// there; others have none: no configuration, no secrets, no grants. Blocking: reads all of them. Errors: as
/// check_trusted_folder() of the folder and of the list's, read_trusted_file() and read_hashes() of the list;
/// too_large (more libraries than a folder may have). Nothing for a folder without a path.
Result<FolderScan> scan_folder(const LibraryFolderSettings& folder,
                               const config::Entries<PluginSettings>& plugins);

}  // namespace troupe::plugins
