#pragma once

#include "plugins/plugins.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace troupe::plugins {

/// A service of a plugin, by its place in the description.
struct FoundService {
  std::shared_ptr<Plugin> plugin;
  std::size_t service = 0;
  const ServiceDescription& description() const { return plugin->description().services[service]; }
};

/// The service of that kind and name; "" for `name`: the only one of its kind that the plugin has. `key`:
/// what the configuration calls the name, for messages. Errors: not_found (no such plugin or service, with
/// those there are), invalid (it has several, and none is named). Loop thread.
Result<FoundService> find_service(const PluginTable& plugins, const std::string& plugin,
                                  std::string_view kind, const std::string& name, std::string_view key);

/// The same where one text says both, as in `plugin/NAME`: `named` is PLUGIN, or PLUGIN/SERVICE.
Result<FoundService> find_service(const PluginTable& plugins, std::string_view kind,
                                  const std::string& named);

/// An error of one of its calls, for who does not know which plugin was called: beginning with its name,
/// unless the plugin is named already.
Error named(const Plugin& plugin, Error error);

}  // namespace troupe::plugins
