#include "app/plugin_keeper.h"

#include "app/catalog.h"
#include "plugins/host/worker_program.h"

#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace troupe::app {

namespace {

/// Below the store, which nobody else may enter; but root's workers are nobody, and must.
std::string copies_of(const std::string& store_path) {
  if (::geteuid() != 0) return store_path + "/plugins";
  const std::filesystem::path parent = "/var/cache/troupe";
  std::error_code ignored;  // what fails here fails where the folder is used, with its name
  std::filesystem::create_directories(parent, ignored);
  std::filesystem::permissions(parent, std::filesystem::perms(0711), ignored);
  return (parent / "plugins").string();
}

}  // namespace

PluginKeeper::PluginKeeper(Loop& loop, net::HttpClient& http, const std::string& store_path)
    : folder_(copies_of(store_path)),
      services_{.loop = loop,
                .http = http,
                .support = [this]() -> const sandbox::Support& { return support(); },
                .folder = folder_,
                .program = plugins::worker_program},
      plugins_(services_) {}

const sandbox::Support& PluginKeeper::support() {
  if (!support_) support_ = sandbox::probe();
  return *support_;
}

Result<plugins::PluginTable> PluginKeeper::adopt(const Configuration& configuration) {
  return plugins_.adopt(values_of(configuration.plugins));
}

bool PluginKeeper::changed(const Configuration& configuration) {
  std::vector<plugins::PluginSettings> touched;
  for (const auto& [name, settings] : configuration.plugins) {
    struct stat found{};
    if (::stat(settings.path.c_str(), &found) != 0) continue;
    std::string now =
        fmt::format("{} {}.{} {}", found.st_ino, found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_size);
    if (std::string& before = seen_[settings.path]; before != now) {
      before = std::move(now);
      touched.push_back(settings);
    }
  }
  return !touched.empty() && plugins_.changed(touched);
}

Result<plugins::PluginTable> PluginKeeper::look_at(const Configuration& configuration) {
  plugins::PluginTable table;
  for (const auto& [name, settings] : configuration.plugins) {
    auto plugin = plugins::Plugin::open(services_, settings, plugins::Plugin::Opening::look);
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

}  // namespace troupe::app
