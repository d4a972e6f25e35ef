#pragma once

#include "runtime/base/json.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace troupe::plugins {

/// What an operator lets a plugin do beyond computing.
struct PluginGrant {
  std::vector<std::string> hosts;  ///< it may reach with the daemon's client: names, `*.name`
  std::vector<std::string> read;   ///< files and folders, absolute
  std::vector<std::string> write;  ///< folders, absolute
  bool network = false;            ///< connections of its own, which no guard looks at
  int threads = 16;                ///< of its own, beside the one it is called on
  int processes = 0;               ///< of its own
};

/// What a worker may use up.
struct PluginLimits {
  std::uint64_t memory = 512u << 20;  ///< bytes of address space
  std::uint64_t file = 64u << 20;     ///< bytes of a file it writes
  int open_files = 64;
};

/// One entry of `plugins:`.
struct PluginSettings {
  std::string name;                   ///< its key
  std::string path;                   ///< of the library, absolute; "" = that of the folder, of its name
  std::string isolation = "process";  ///< process | none
  std::string sha256;                 ///< "" = any
  Json config = Json::object();
  std::map<std::string, std::string> secrets;  ///< beside it: keys and passwords by name
  PluginGrant grant;
  PluginLimits limits;
  int workers = 2;  ///< processes at once
  std::chrono::milliseconds start_time{10'000};
  bool from_folder = false;  ///< its library is one of `plugins_from`
};

/// `plugins_from:`, a folder whose libraries are plugins.
struct LibraryFolderSettings {
  std::string path;                ///< absolute; "" = there is none
  std::vector<std::string> allow;  ///< SHA-256 of those that are loaded, hex
  std::string allow_file;          ///< further ones, as `sha256sum` writes them; absolute, "" = none
};

}  // namespace troupe::plugins
