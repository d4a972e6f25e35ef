#pragma once

#include "app/configuration.h"
#include "app/library.h"
#include "plugins/plugins.h"
#include "runtime/async/loop.h"
#include "runtime/net/http_client.h"
#include "runtime/sandbox/support.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace troupe::app {

/// The plugins of this process, with what they need of the machine: where copies of libraries are kept, and
/// what workers are confined with, which is looked at when the first plugin is opened (some 20 ms). Loop
/// thread only.
class PluginKeeper {
 public:
  /// `loop` outlives it.
  PluginKeeper(Loop& loop, const std::string& store_path);
  /// close() must have returned.
  ~PluginKeeper() = default;

  /// As Plugins::adopt().
  Task<Result<plugins::PluginTable>> adopt(const Configuration& configuration, net::HttpClient& http,
                                           Stop& stop);
  /// Whether a library has become another one than was adopted, and has stayed the same since this was asked
  /// last: who copies a file over it is not overtaken. True once for each such change. Cheap while there is
  /// none.
  bool changed(const Configuration& configuration, net::HttpClient& http);
  /// For who will call none of them: they are loaded to be asked what they offer, not started. Errors as
  /// Plugin::open().
  Result<plugins::PluginTable> look_at(const Configuration& configuration);

  Task<> close();

 private:
  const sandbox::Support& support();

  std::optional<sandbox::Support> support_;
  plugins::PluginFolder folder_;
  plugins::Plugin::Services services_;
  plugins::Plugins plugins_;
  /// What a library's file looked like: the last time, and when it was last acted upon.
  struct Seen {
    std::string last;
    std::string settled;
  };
  std::map<std::string, Seen> seen_;  ///< by path
};

/// Adds the tools that sections of type `plugin` give. Errors: of the first that cannot be made, naming it.
Result<> add_plugin_tools(const Configuration& configuration, const plugins::PluginTable& plugins,
                          tools::ToolTable& tools);

/// What indexes the vectors of bases whose `index` is a plugin's. `loop` outlives it. Errors: of the first
/// that cannot be made, naming it.
Result<IndexTable> make_indexes(Loop& loop, const Configuration& configuration,
                                const plugins::PluginTable& plugins);

}  // namespace troupe::app
