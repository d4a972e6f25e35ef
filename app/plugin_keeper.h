#pragma once

#include "app/configuration.h"
#include "app/library.h"
#include "app/machine.h"
#include "memory/knowledge/ingest/external_loader.h"
#include "models/model.h"
#include "plugins/host/library_folder.h"
#include "plugins/plugins.h"
#include "runtime/async/loop.h"
#include "runtime/net/http_client.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace troupe::app {

/// The plugins of this process, with what they need of the machine: where copies of libraries are kept, and
/// what workers are confined with. Loop thread only.
class PluginKeeper {
 public:
  /// Both outlive it.
  PluginKeeper(Loop& loop, Machine& machine, const std::string& store_path);
  /// close() must have returned.
  ~PluginKeeper() = default;

  /// Those of `plugins` as Plugins::adopt(); and those of `plugins_from` that can be used. One that cannot,
  /// by its hash or because it does not start, is a warning in the log, and an error only where a tool of it
  /// is configured. `in_use`: what goes on in its place as long as its own hash is allowed; null: nothing.
  Task<Result<plugins::PluginTable>> adopt(const Configuration& configuration, net::HttpClient& http,
                                           Stop& stop, const plugins::PluginTable* in_use = nullptr);
  /// Whether a library was put in its place that is another one than the plugin `in_use`, or one came to the
  /// folder, left it, or the list of those allowed has changed; and has stayed the same since this was asked
  /// last: who copies a file over it is not overtaken. True once for each such change, and again for a
  /// library that was refused and is put there anew. Cheap while there is none.
  bool changed(const Configuration& configuration, const plugins::PluginTable& in_use);
  /// The libraries of `plugins_from` that the last adopt() left out.
  const std::vector<plugins::LeftOut>& left_out() const { return left_out_; }
  /// Those named ("": all of the folder), for who will call none of them: they are loaded to be asked what
  /// they offer, not started. Errors as Plugin::open().
  Result<plugins::PluginTable> look_at(const Configuration& configuration,
                                       const std::set<std::string>& names);

  Task<> close();

 private:
  bool settled(const std::string& what, std::string now);
  bool folder_changed(const Configuration& configuration, const plugins::PluginTable& in_use);
  void tell(const plugins::LeftOut& library, bool kept);

  plugins::PluginFolder folder_;
  plugins::Plugin::Services services_;
  plugins::Plugins plugins_;
  /// What a library's file looked like: the last time, and when it was last acted upon.
  struct Seen {
    std::string last;
    std::string settled;
  };
  std::map<std::string, Seen> seen_;            ///< by path
  std::map<std::string, std::string> adopted_;  ///< what folders held, by path
  /// That a library was left out: what its file looked like, and why.
  struct Told {
    std::string looks;
    std::string why;
    bool operator==(const Told&) const = default;
  };
  std::map<std::string, Told> told_;  ///< by path
  std::vector<plugins::LeftOut> left_out_;
};

/// Adds the tools that sections of type `plugin` give. Errors: of the first that cannot be made, naming it.
Result<> add_plugin_tools(const Configuration& configuration, const plugins::PluginTable& plugins,
                          tools::ToolTable& tools);

/// The loaders of all plugins, for the documents of all bases. Errors: not_found and invalid, naming a source
/// whose plugin has no such loader.
Result<std::shared_ptr<const memory::Loaders>> make_loaders(Loop& loop, const Configuration& configuration,
                                                            const plugins::PluginTable& plugins);

/// A rule that names a plugin, and where it stands.
struct PluginRule {
  std::string section;  ///< "agents"
  std::string entry;
  std::string key;  ///< of the entry: "guardrails.input[0]"
  const agents::RuleSettings* settings = nullptr;
};

/// Those of agents and teams. They point into the configuration.
std::vector<PluginRule> plugin_rules(const Configuration& configuration);
/// Adds who judges by them, as agents::judge_name() calls each. Errors: of the first that cannot be made,
/// naming its rule.
Result<> add_plugin_judges(const Configuration& configuration, const plugins::PluginTable& plugins,
                           models::ModelTable& models);

/// What indexes the vectors of bases whose `index` is a plugin's. `loop` outlives it. Errors: of the first
/// that cannot be made, naming it.
Result<IndexTable> make_indexes(Loop& loop, const Configuration& configuration,
                                const plugins::PluginTable& plugins);

}  // namespace troupe::app
