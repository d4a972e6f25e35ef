#include "plugins/plugins.h"

#include "plugins/plugin_tool.h"
#include "runtime/base/suggest.h"
#include "tools/names.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

/// What makes one plugin another. Never shown: there are secrets in it.
std::string identity_of(const PluginSettings& settings, const std::string& sha256,
                        const net::HttpClient& http) {
  const PluginGrant& grant = settings.grant;
  const PluginLimits& limits = settings.limits;
  return dump(Json{settings.name, sha256, settings.isolation, settings.config, settings.secrets, grant.hosts,
                   grant.read, grant.write, grant.network, grant.threads, grant.processes, limits.memory,
                   limits.file, limits.open_files, settings.workers, settings.start_time.count(),
                   reinterpret_cast<std::uintptr_t>(&http)});
}

}  // namespace

Plugins::Plugins(Plugin::Services services) : services_(std::move(services)), nursery_(services_.loop) {}

Plugins::~Plugins() {
  *alive_ = false;
}

std::shared_ptr<Plugin> Plugins::hold(std::unique_ptr<Plugin> plugin) {
  std::shared_ptr<Plugin> held(plugin.release(), [this, alive = alive_](Plugin* last) {
    std::shared_ptr<Plugin> owned(last);
    // After close() no call is left and no worker.
    if (*alive) nursery_.spawn("end of a plugin", [owned] { return owned->close(); });
  });
  return held;
}

Task<Result<PluginTable>> Plugins::adopt(std::vector<PluginSettings> settings, net::HttpClient& http,
                                         Stop& stop) {
  Plugin::Services services = services_;
  services.http = &http;
  PluginTable table;
  for (PluginSettings& one : settings) {
    auto file = services.folder.take(one);
    if (!file) co_return within(fmt::format("plugin {}", one.name), std::move(file.error()));
    const std::string name = one.name;
    const std::string identity = identity_of(one, file->sha256, http);
    const auto known = known_.find(identity);
    std::shared_ptr<Plugin> plugin = known == known_.end() ? nullptr : known->second.lock();
    if (!plugin) {
      auto opened = co_await Plugin::open(services, std::move(one), std::move(*file), stop);
      if (!opened) co_return fail(std::move(opened.error()));
      plugin = hold(std::move(*opened));
      known_[identity] = plugin;
    }
    table[name] = std::move(plugin);
  }
  std::erase_if(known_, [](const auto& entry) { return entry.second.expired(); });
  co_return table;
}

bool Plugins::changed(std::span<const PluginSettings> settings, const PluginTable& in_use) const {
  return std::ranges::any_of(settings, [&](const PluginSettings& one) {
    const auto file = services_.folder.take(one);
    const auto now = in_use.find(one.name);
    return !file || now == in_use.end() || now->second->file().sha256 != file->sha256;
  });
}

Task<> Plugins::close() {
  for (const auto& [identity, one] : known_)
    if (const auto plugin = one.lock()) co_await plugin->close();
  co_await nursery_.join();
  *alive_ = false;
}

namespace {

Result<tools::ToolTable> tools_of_folder(const std::string& section, const PluginTable& plugins) {
  tools::ToolTable table;
  tools::PartNames parts(section);
  for (const auto& [name, plugin] : plugins) {
    if (!plugin->settings().from_folder) continue;
    for (const std::string& tool : plugin->description().names_of("tool")) {
      const std::string part = parts.next(fmt::format("{}_{}", name, tool));
      table[part] = make_plugin_tool(plugin, tool, tools::call_name(part), "");
    }
  }
  if (table.empty())
    return fail(ErrorCode::not_found,
                "no library of `plugins_from` that may be loaded has a tool; `troupe "
                "plugin list` says what became of each");
  return table;
}

}  // namespace

Result<tools::ToolTable> make_plugin_tools(const tools::ToolSettings& settings, const PluginTable& plugins) {
  if (settings.plugin.empty()) return tools_of_folder(settings.name, plugins);
  const auto found = plugins.find(settings.plugin);
  if (found == plugins.end())
    return fail(ErrorCode::not_found, fmt::format("there is no plugin `{}`", settings.plugin));
  const std::shared_ptr<Plugin>& plugin = found->second;
  const std::vector<std::string> names = plugin->description().names_of("tool");
  tools::ToolTable table;
  if (settings.tool.empty()) {
    if (names.empty())
      return fail(ErrorCode::not_found, fmt::format("the plugin `{}` has no tools", settings.plugin));
    tools::PartNames parts(settings.name);
    for (const std::string& name : names) {
      const std::string part = parts.next(name);
      table[part] = make_plugin_tool(plugin, name, tools::call_name(part), "");
    }
    return table;
  }
  if (std::ranges::find(names, settings.tool) == names.end())
    return fail(
        ErrorCode::not_found,
        fmt::format("the plugin `{}` has no tool `{}`{} Its tools: {}", settings.plugin, settings.tool,
                    did_you_mean(settings.tool, names).empty() ? "." : did_you_mean(settings.tool, names),
                    fmt::join(names, ", ")));
  table[settings.name] = make_plugin_tool(plugin, settings.tool, settings.name, settings.description);
  return table;
}

}  // namespace troupe::plugins
