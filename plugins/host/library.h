#pragma once

#include "plugins/host/description.h"
#include "plugins/troupe_plugin.h"
#include "runtime/base/result.h"

#include <span>
#include <string>
#include <vector>

namespace troupe::plugins {

/// A shared library that is a plugin, loaded into this process for good: its threads and thread-local storage
/// stay valid, so nothing here unloads it. Who loads one runs its code.
class PluginLibrary {
 public:
  /// `path` as dlopen takes it, so give a whole path. Errors, for whoever wrote the plugin: unavailable (it
  /// cannot be loaded: what the loader said), invalid (it is no plugin, of another ABI, or describes itself
  /// wrongly: all that is wrong with it).
  static Result<PluginLibrary> open(const std::string& path);

  const troupe_plugin& entry() const { return *entry_; }
  const PluginDescription& description() const { return description_; }
  /// In the order of the description.
  std::span<const troupe_service* const> services() const { return services_; }

 private:
  PluginLibrary() = default;

  const troupe_plugin* entry_ = nullptr;
  std::vector<const troupe_service*> services_;
  PluginDescription description_;
};

}  // namespace troupe::plugins
