#pragma once

#include "plugins/host/plugin.h"
#include "runtime/async/nursery.h"
#include "tools/settings.h"
#include "tools/tool.h"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe::plugins {

/// The plugins of one configuration by their name in `plugins:`. Who holds one may call it; the workers of
/// one that nobody holds any more end.
using PluginTable = std::map<std::string, std::shared_ptr<Plugin>, std::less<>>;

/// All plugins of the process. A configuration that is read again gets those again that have not changed,
/// with their warm workers; where settings or library have, the new one is opened beside the old, which calls
/// in flight and runs at work keep. Loop thread only.
class Plugins {
 public:
  explicit Plugins(Plugin::Services services);
  /// close() must have returned.
  ~Plugins();

  /// Errors: of the first that cannot be opened; nothing is changed then. Each takes its start_time at most.
  /// `http`: guarded, what plugins that are opened now reach hosts with; outlives them.
  Task<Result<PluginTable>> adopt(std::vector<PluginSettings> settings, net::HttpClient& http, Stop& stop);
  /// Whether a library is another one than the plugin of its name `in_use` was made of, or may not be loaded
  /// any more: worth an adopt(), which says so. Also of one that was in use before, or that an adopt() has
  /// refused: what is in use is another one.
  bool changed(std::span<const PluginSettings> settings, const PluginTable& in_use) const;

  /// Ends every worker; calls end with `shutdown`. No adopt() is at work, and none follows.
  Task<> close();

 private:
  std::shared_ptr<Plugin> hold(std::unique_ptr<Plugin> plugin);

  const Plugin::Services services_;
  /// By what makes one another: settings and library. Of those that could be opened.
  std::map<std::string, std::weak_ptr<Plugin>> known_;
  Nursery nursery_;  ///< who ends those that nobody holds
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// The tools that one section of type `plugin` gives: that which it names, or all of the plugin as
/// `section/tool`; without a plugin all of those of `plugins_from`, as `section/PLUGIN_TOOL`. Errors:
/// not_found (no such plugin or tool, with what there is).
Result<tools::ToolTable> make_plugin_tools(const tools::ToolSettings& settings, const PluginTable& plugins);

}  // namespace troupe::plugins
