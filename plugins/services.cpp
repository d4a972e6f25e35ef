#include "plugins/services.h"

#include "runtime/base/suggest.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

namespace troupe::plugins {

Result<FoundService> find_service(const PluginTable& plugins, const std::string& plugin,
                                  std::string_view kind, const std::string& name, std::string_view key) {
  const auto entry = plugins.find(plugin);
  if (entry == plugins.end())
    return fail(ErrorCode::not_found,
                fmt::format("there is no plugin `{}`{}", plugin, did_you_mean(plugin, names_of(plugins))));
  const std::vector<ServiceDescription>& all = entry->second->description().services;
  std::vector<std::string> names;
  std::size_t found = all.size();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind != kind) continue;
    names.push_back(all[i].name);
    if (name.empty() || all[i].name == name) found = i;
  }
  if (names.empty())
    return fail(ErrorCode::not_found,
                fmt::format("the plugin `{}` has no service of kind `{}`", plugin, kind));
  if (name.empty() && names.size() > 1)
    return fail(ErrorCode::invalid,
                fmt::format("the plugin `{}` has {} services of kind `{}`: say which with `{}`: {}", plugin,
                            names.size(), kind, key, fmt::join(names, ", ")));
  if (found == all.size()) {
    const std::string meant = did_you_mean(name, names);
    return fail(ErrorCode::not_found, fmt::format("the plugin `{}` has no {} `{}`{} It has: {}", plugin, kind,
                                                  name, meant.empty() ? "." : meant, fmt::join(names, ", ")));
  }
  return FoundService{entry->second, found};
}

Result<FoundService> find_service(const PluginTable& plugins, std::string_view kind,
                                  const std::string& named) {
  const std::size_t slash = std::min(named.find('/'), named.size());
  const std::string plugin = named.substr(0, slash);
  return find_service(plugins, plugin, kind, named.substr(std::min(slash + 1, named.size())),
                      fmt::format("plugin/{}/SERVICE", plugin));
}

Error named(const Plugin& plugin, Error error) {
  const std::string name = fmt::format("plugin {}", plugin.settings().name);
  if (error.message.find(name) == std::string::npos)
    error.message = fmt::format("{}: {}", name, error.message);
  return error;
}

}  // namespace troupe::plugins
