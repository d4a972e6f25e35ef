#include "app/plugin_keeper.h"

#include "app/catalog.h"
#include "plugins/host/worker_program.h"
#include "plugins/plugin_index.h"

#include <sys/stat.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::app {

namespace {

/// Below the store, which nobody else may enter; but root's workers are nobody, and must.
std::string copies_of(const std::string& store_path) {
  return ::geteuid() == 0 ? "/var/cache/troupe/plugins" : store_path + "/plugins";
}

}  // namespace

PluginKeeper::PluginKeeper(Loop& loop, const std::string& store_path)
    : folder_(copies_of(store_path)),
      services_{.loop = loop,
                .support = [this]() -> const sandbox::Support& { return support(); },
                .folder = folder_,
                .program = plugins::worker_program},
      plugins_(services_) {}

const sandbox::Support& PluginKeeper::support() {
  if (!support_) support_ = sandbox::probe();
  return *support_;
}

Task<Result<plugins::PluginTable>> PluginKeeper::adopt(const Configuration& configuration,
                                                       net::HttpClient& http, Stop& stop) {
  return plugins_.adopt(values_of(configuration.plugins), http, stop);
}

bool PluginKeeper::changed(const Configuration& configuration, net::HttpClient& http) {
  std::vector<plugins::PluginSettings> touched;
  for (const auto& [name, settings] : configuration.plugins) {
    struct stat found{};
    if (::stat(settings.path.c_str(), &found) != 0) continue;  // perhaps it is just being replaced
    std::string now =
        fmt::format("{} {}.{} {}.{} {}", found.st_ino, found.st_mtim.tv_sec, found.st_mtim.tv_nsec,
                    found.st_ctim.tv_sec, found.st_ctim.tv_nsec, found.st_size);
    Seen& seen = seen_[settings.path];
    if (seen.last == now && seen.settled != now) {
      seen.settled = now;
      touched.push_back(settings);
    }
    seen.last = std::move(now);
  }
  return !touched.empty() && plugins_.changed(touched, http);
}

Result<plugins::PluginTable> PluginKeeper::look_at(const Configuration& configuration) {
  plugins::PluginTable table;
  for (const auto& [name, settings] : configuration.plugins) {
    auto file = folder_.take(settings);
    if (!file) return within(fmt::format("plugin {}", name), std::move(file.error()));
    auto plugin = plugins::Plugin::look_at(services_, settings, std::move(*file));
    if (!plugin) return fail(std::move(plugin.error()));
    table[name] = std::move(*plugin);
  }
  return table;
}

Task<> PluginKeeper::close() {
  co_await plugins_.close();
}

Result<> add_plugin_tools(const Configuration& configuration, const plugins::PluginTable& plugins,
                          tools::ToolTable& tools) {
  for (const auto& [name, section] : configuration.tools) {
    if (section.type != "plugin") continue;
    auto made = plugins::make_plugin_tools(section, plugins);
    if (!made) return within(fmt::format("tool `{}`", name), std::move(made.error()));
    for (auto& [part, tool] : *made)
      if (!tools.emplace(part, std::move(tool)).second)
        return fail(ErrorCode::conflict, fmt::format("tool `{}` is configured twice", part));
  }
  return {};
}

Result<IndexTable> make_indexes(Loop& loop, const Configuration& configuration,
                                const plugins::PluginTable& plugins) {
  IndexTable table;
  for (const auto& [name, base] : configuration.knowledge) {
    if (base.index.plugin.empty()) continue;
    auto made = plugins::make_plugin_indexes(loop, base.index.plugin, base.index.options, plugins);
    if (!made) return within(fmt::format("knowledge base `{}`", name), std::move(made.error()));
    table[name] = std::move(*made);
  }
  return table;
}

}  // namespace troupe::app
