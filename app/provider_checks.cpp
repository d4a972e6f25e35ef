#include "app/provider_checks.h"

#include "app/plugin_checks.h"
#include "app/plugin_keeper.h"
#include "models/provider_facts.h"
#include "plugins/providers.h"
#include "runtime/base/suggest.h"
#include "runtime/config/document.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace troupe::app {

namespace {

/// An entry whose provider is a plugin.
struct PluginEntry {
  const char* section;
  const char* noun;  ///< "model"
  std::string_view kind;
  std::string name;
  std::string plugin;
  std::string model;
};

template <class Settings>
void add(const config::Entries<Settings>& entries, const PluginEntry& like, std::vector<PluginEntry>& all) {
  for (const auto& [name, entry] : entries) {
    const std::string plugin(models::plugin_of(entry.provider));
    if (plugin.empty()) continue;
    all.push_back(like);
    all.back().name = name;
    all.back().plugin = plugin;
    all.back().model = entry.model;
  }
}

std::vector<PluginEntry> entries_of(const Configuration& all) {
  std::vector<PluginEntry> entries;
  add(all.models, {"models", "model", plugins::kModelKind, {}, {}, {}}, entries);
  add(all.embeddings, {"embeddings", "embedder", plugins::kEmbedderKind, {}, {}, {}}, entries);
  return entries;
}

/// Where an entry names its provider.
config::Place place_of(const std::optional<config::Node>& tree, const PluginEntry& entry) {
  const config::Node* at = tree ? &*tree : nullptr;
  config::Place place;
  for (const std::string& key : {std::string(entry.section), entry.name, std::string("provider")}) {
    const config::Member* member = at ? at->find(key) : nullptr;
    if (!member) break;
    at = &member->value;
    place = at->place;
  }
  return place;
}

}  // namespace

std::set<std::string> providers_of_plugins(const Configuration& all) {
  std::set<std::string> names;
  for (const PluginEntry& entry : entries_of(all)) names.insert(entry.plugin);
  return names;
}

void check_plugin_providers(const Configuration& all, config::Check& check) {
  for (const PluginEntry& entry : entries_of(all)) {
    if (all.plugins.contains(entry.plugin)) continue;
    if (std::ranges::count(plugins_of_folder(all, check.environment()), entry.plugin) > 0) continue;
    check.entry(entry.section, entry.name, entry.noun)
        .error("provider", fmt::format("there is no plugin `{}` in `plugins`{}", entry.plugin,
                                       did_you_mean(entry.plugin, names_of(all.plugins))));
  }
}

std::vector<config::Problem> check_services(const std::string& path, const Configuration& all,
                                            const config::Environment& environment) {
  const std::vector<PluginEntry> entries = entries_of(all);
  if (entries.empty()) return {};
  config::Sources sources;
  config::Problems told_already(sources);
  const auto tree = config::load_document(path, sources, environment, told_already);
  config::Problems problems(sources);
  SystemClock clock;
  Loop loop(clock);
  Machine machine;
  PluginKeeper keeper(loop, machine, all.store.path);
  std::map<std::string, Result<plugins::PluginTable>> looked_at;
  for (const PluginEntry& entry : entries) {
    if (!looked_at.contains(entry.plugin))
      looked_at.emplace(entry.plugin, keeper.look_at(all, {entry.plugin}));
    const auto& table = looked_at.at(entry.plugin);
    auto meant = !table ? fail(table.error())
                 : !table->contains(entry.plugin)
                     ? fail(ErrorCode::not_found, fmt::format("there is no plugin `{}`", entry.plugin))
                     : plugins::service_meant(table->at(entry.plugin)->description(), entry.kind,
                                              entry.plugin, entry.model);
    if (!meant)
      problems.error(place_of(tree, entry),
                     fmt::format("`provider` of {} `{}`: {}", entry.noun, entry.name, meant.error().message));
  }
  return problems.take(all.secrets);
}

}  // namespace troupe::app
