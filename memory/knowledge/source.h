#pragma once

#include <string>
#include <utility>

namespace troupe::memory {

/// One of the places that a base takes documents from.
struct Source {
  Source() = default;
  /// Read by format, as most are.
  Source(std::string where) : path(std::move(where)) {}
  Source(const char* where) : path(where) {}

  std::string path;    ///< absolute path, folder, pattern of `*`, `**`, `?`, `[…]`; URL
  std::string plugin;  ///< key in `plugins:` of who reads what is found there; "": by format
  std::string loader;  ///< of the plugin's loaders; "": the only one that it has
  bool operator==(const Source&) const = default;

  /// As Loaders::named() takes it; "": by format.
  std::string reader() const { return loader.empty() ? plugin : plugin + "/" + loader; }
};

}  // namespace troupe::memory
