#include "app/provider_checks.h"

#include "app/plugin_checks.h"
#include "app/plugin_keeper.h"
#include "models/provider_facts.h"
#include "plugins/plugin_memory.h"
#include "plugins/providers.h"
#include "runtime/base/suggest.h"
#include "runtime/config/document.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::app {

namespace {

/// A service of a plugin that the configuration names.
struct NamedService {
  std::vector<std::string> path;  ///< keys down to where it is named
  std::string noun;               ///< "model": what its section has
  std::string key;                ///< "provider": of that, what names it
  std::string plugin;
  /// Whether the plugin, if it is in the table, has it as the configuration wants it.
  std::function<Result<>(const plugins::PluginTable&)> look;

  /// "`provider` of model `main`"
  std::string shown() const { return fmt::format("`{}` of {} `{}`", key, noun, path[1]); }
};

template <class Settings>
void add(const config::Entries<Settings>& entries, const char* section, const char* noun,
         std::string_view kind, std::vector<NamedService>& all) {
  for (const auto& [name, entry] : entries) {
    const std::string plugin(models::plugin_of(entry.provider));
    if (plugin.empty()) continue;
    all.push_back(
        {.path = {section, name, "provider"},
         .noun = noun,
         .key = "provider",
         .plugin = plugin,
         .look = [plugin, kind, model = entry.model](const plugins::PluginTable& table) -> Result<> {
           const auto found = table.find(plugin);
           if (found == table.end())
             return fail(ErrorCode::not_found, fmt::format("there is no plugin `{}`", plugin));
           auto meant = plugins::service_meant(found->second->description(), kind, plugin, model);
           return meant ? Result<>() : fail(std::move(meant.error()));
         }});
  }
}

std::vector<NamedService> providers_of(const Configuration& all) {
  std::vector<NamedService> named;
  add(all.models, "models", "model", plugins::kModelKind, named);
  add(all.embeddings, "embeddings", "embedder", plugins::kEmbedderKind, named);
  return named;
}

std::vector<NamedService> memories_of(const Configuration& all) {
  std::vector<NamedService> named;
  for (const auto& [name, agent] : all.agents) {
    const std::string_view memory = memory::memory_of_plugin(agent.memory.type);
    if (memory.empty()) continue;
    named.push_back({.path = {"agents", name, "memory", "type"},
                     .noun = "agent",
                     .key = "memory",
                     .plugin = std::string(memory.substr(0, memory.find('/'))),
                     .look = [settings = agent.memory](const plugins::PluginTable& table) -> Result<> {
                       auto made = plugins::make_plugin_memory(settings, table);
                       return made ? Result<>() : fail(std::move(made.error()));
                     }});
  }
  return named;
}

std::vector<NamedService> services_of(const Configuration& all) {
  std::vector<NamedService> named = providers_of(all);
  std::ranges::move(memories_of(all), std::back_inserter(named));
  return named;
}

std::set<std::string> plugins_of(const std::vector<NamedService>& named) {
  std::set<std::string> names;
  for (const NamedService& one : named) names.insert(one.plugin);
  return names;
}

config::Place place_of(const std::optional<config::Node>& tree, const NamedService& service) {
  const config::Node* at = tree ? &*tree : nullptr;
  config::Place place;
  for (const std::string& key : service.path) {
    const config::Member* member = at ? at->find(key) : nullptr;
    if (!member) break;
    at = &member->value;
    place = at->place;
  }
  return place;
}

}  // namespace

std::set<std::string> providers_of_plugins(const Configuration& all) {
  return plugins_of(providers_of(all));
}

std::set<std::string> memories_of_plugins(const Configuration& all) {
  return plugins_of(memories_of(all));
}

void check_plugin_providers(const Configuration& all, config::Check& check) {
  for (const NamedService& one : services_of(all)) {
    if (all.plugins.contains(one.plugin)) continue;
    if (std::ranges::count(plugins_of_folder(all, check.environment()), one.plugin) > 0) continue;
    check.entry(one.path[0], one.path[1], one.noun)
        .error(fmt::format("{}", fmt::join(one.path.begin() + 2, one.path.end(), ".")),
               fmt::format("there is no plugin `{}` in `plugins`{}", one.plugin,
                           did_you_mean(one.plugin, names_of(all.plugins))));
  }
}

std::vector<config::Problem> check_services(const std::string& path, const Configuration& all,
                                            const config::Environment& environment) {
  const std::vector<NamedService> services = services_of(all);
  if (services.empty()) return {};
  config::Sources sources;
  config::Problems told_already(sources);
  const auto tree = config::load_document(path, sources, environment, told_already);
  config::Problems problems(sources);
  SystemClock clock;
  Loop loop(clock);
  Machine machine;
  PluginKeeper keeper(loop, machine, all.store.path);
  std::map<std::string, Result<plugins::PluginTable>> looked_at;
  for (const NamedService& one : services) {
    if (!looked_at.contains(one.plugin)) looked_at.emplace(one.plugin, keeper.look_at(all, {one.plugin}));
    const auto& table = looked_at.at(one.plugin);
    if (auto has = table ? one.look(*table) : fail(table.error()); !has)
      problems.error(place_of(tree, one), fmt::format("{}: {}", one.shown(), has.error().message));
  }
  return problems.take(all.secrets);
}

}  // namespace troupe::app
