#include "app/service_checks.h"

#include "agents/guardrails/plugin_judge.h"
#include "app/plugin_checks.h"
#include "app/plugin_keeper.h"
#include "models/provider_facts.h"
#include "plugins/host/fitting.h"
#include "plugins/plugin_index.h"
#include "plugins/plugin_loader.h"
#include "plugins/plugin_memory.h"
#include "plugins/providers.h"
#include "plugins/services.h"
#include "runtime/base/suggest.h"
#include "runtime/config/document.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace troupe::app {

namespace {

/// A service of a plugin that the configuration names.
struct NamedService {
  std::string section;  ///< "agents"
  std::string entry;    ///< of that section
  std::string noun;     ///< "agent": what the section has
  std::string key;      ///< "memory.type": of the entry, what names it
  std::string plugin;
  /// Whether the plugin, if it is in the table, has it as the configuration wants it; what it takes, or null.
  std::function<Result<const plugins::ServiceDescription*>(const plugins::PluginTable&)> look;
  std::string options_key = "";  ///< of the entry, what it is told
  Json options = Json::object();

  /// "`provider` of model `main`"
  std::string shown(const std::string& at) const { return fmt::format("`{}` of {} `{}`", at, noun, entry); }
};

using Look = Result<const plugins::ServiceDescription*>;

Look described(const Result<plugins::FoundService>& found) {
  return found ? Look(&found->description()) : fail(found.error());
}

template <class Settings>
void add(const config::Entries<Settings>& entries, const char* section, const char* noun,
         std::string_view kind, std::vector<NamedService>& all) {
  for (const auto& [name, entry] : entries) {
    const std::string plugin(models::plugin_of(entry.provider));
    if (plugin.empty()) continue;
    all.push_back({.section = section,
                   .entry = name,
                   .noun = noun,
                   .key = "provider",
                   .plugin = plugin,
                   .look = [plugin, kind, model = entry.model](const plugins::PluginTable& table) -> Look {
                     const auto found = table.find(plugin);
                     if (found == table.end())
                       return fail(ErrorCode::not_found, fmt::format("there is no plugin `{}`{}", plugin,
                                                                     did_you_mean(plugin, names_of(table))));
                     auto meant = plugins::service_meant(found->second->description(), kind, plugin, model);
                     return meant ? Look(nullptr) : fail(std::move(meant.error()));
                   }});
  }
}

std::vector<NamedService> providers_of(const Configuration& all) {
  std::vector<NamedService> named;
  add(all.models, "models", "model", plugins::kModelKind, named);
  add(all.embeddings, "embeddings", "embedder", plugins::kEmbedderKind, named);
  return named;
}

std::string plugin_of(const std::string& named) {
  return named.substr(0, named.find('/'));
}

std::vector<NamedService> memories_of(const Configuration& all) {
  std::vector<NamedService> named;
  for (const auto& [name, agent] : all.agents) {
    const std::string memory(memory::memory_of_plugin(agent.memory.type));
    if (memory.empty()) continue;
    named.push_back({.section = "agents",
                     .entry = name,
                     .noun = "agent",
                     .key = "memory.type",
                     .plugin = plugin_of(memory),
                     .look =
                         [memory](const plugins::PluginTable& table) {
                           return described(plugins::find_service(table, plugins::kMemoryKind, memory));
                         },
                     .options_key = "memory.options",
                     .options = agent.memory.options});
  }
  return named;
}

std::vector<NamedService> guardrails_of(const Configuration& all) {
  std::vector<NamedService> named;
  for (const PluginRule& rule : plugin_rules(all))
    named.push_back(
        {.section = rule.section,
         .entry = rule.entry,
         .noun = rule.section == "teams" ? "team" : "agent",
         .key = rule.key + ".plugin",
         .plugin = rule.settings->plugin,
         .look =
             [plugin = rule.settings->plugin, name = rule.settings->rule](const plugins::PluginTable& table) {
               return described(plugins::find_service(table, plugin, agents::kGuardrailKind, name, "rule"));
             },
         .options_key = rule.key + ".settings",
         .options = rule.settings->plugin_settings});
  return named;
}

void add_knowledge(const Configuration& all, std::vector<NamedService>& named) {
  for (const auto& [name, base] : all.knowledge) {
    const std::string& index = base.index.plugin;
    if (!index.empty())
      named.push_back({.section = "knowledge",
                       .entry = name,
                       .noun = "knowledge base",
                       .key = "index.kind",
                       .plugin = plugin_of(index),
                       .look =
                           [index](const plugins::PluginTable& table) {
                             return described(plugins::find_service(table, plugins::kIndexKind, index));
                           },
                       .options_key = "index.options",
                       .options = base.index.options});
    for (std::size_t i = 0; i < base.sources.size(); ++i) {
      const memory::Source& source = base.sources[i];
      if (source.plugin.empty()) continue;
      named.push_back({.section = "knowledge",
                       .entry = name,
                       .noun = "knowledge base",
                       .key = fmt::format("sources[{}].plugin", i),
                       .plugin = source.plugin,
                       .look = [plugin = source.plugin,
                                loader = source.loader](const plugins::PluginTable& table) -> Look {
                         auto found =
                             plugins::find_service(table, plugin, plugins::kLoaderKind, loader, "loader");
                         return found ? Look(nullptr) : fail(std::move(found.error()));
                       }});
    }
  }
}

void add_tools(const Configuration& all, std::vector<NamedService>& named) {
  for (const auto& [name, tool] : all.tools) {
    if (tool.type != "plugin" || tool.plugin.empty()) continue;
    named.push_back({.section = "tools",
                     .entry = name,
                     .noun = "tool",
                     .key = tool.tool.empty() ? "plugin" : "tool",
                     .plugin = tool.plugin,
                     .look = [tool](const plugins::PluginTable& table) -> Look {
                       auto made = plugins::make_plugin_tools(tool, table);
                       return made ? Look(nullptr) : fail(std::move(made.error()));
                     }});
  }
}

std::vector<NamedService> services_of(const Configuration& all) {
  std::vector<NamedService> named = providers_of(all);
  std::ranges::move(memories_of(all), std::back_inserter(named));
  std::ranges::move(guardrails_of(all), std::back_inserter(named));
  add_knowledge(all, named);
  add_tools(all, named);
  return named;
}

std::set<std::string> plugins_of(const std::vector<NamedService>& named) {
  std::set<std::string> names;
  for (const NamedService& one : named) names.insert(one.plugin);
  return names;
}

/// Where something of an entry stands, or what is nearest to it.
config::Place place_of(const std::optional<config::Node>& tree, std::string_view section,
                       const std::string& entry, std::string_view key) {
  const config::Member* entries = tree ? tree->find(section) : nullptr;
  if (!entries) return {};
  const config::Member* found = entries->value.find(entry);
  return found ? config::node_at(found->value, key).place : entries->value.place;
}

/// What several services need of a configuration: the tree it was read from, and its plugins as they are.
class Looker {
 public:
  Looker(const std::string& path, const Configuration& all, const config::Environment& environment)
      : all_(all),
        told_already_(sources_),
        tree_(config::load_document(path, sources_, environment, told_already_)),
        keeper_(loop_, machine_, all.store.path),
        problems_(sources_) {}

  void look_at(const NamedService& service) {
    const auto& table = table_with(service.plugin);
    if (!table) {
      // Once, where the plugin itself is configured; one of a folder is where it is named.
      if (all_.plugins.contains(service.plugin))
        problems_.error(place_of(tree_, "plugins", service.plugin, ""), table.error().message);
      else
        say(service, service.key, table.error().message);
      return;
    }
    const Look found = service.look(*table);
    if (!found) return say(service, service.key, found.error().message);
    if (!*found) return;
    const std::string_view told =
        std::string_view(service.options_key).substr(service.options_key.rfind('.') + 1);
    if (auto fits = plugins::check_fits(service.options, (*found)->input_schema, told); !fits)
      say(service, service.options_key,
          fmt::format("{} `{}` of plugin `{}`: {}", (*found)->kind, (*found)->name, service.plugin,
                      fits.error().message));
  }
  std::vector<config::Problem> take() { return problems_.take(all_.secrets); }

 private:
  const Result<plugins::PluginTable>& table_with(const std::string& plugin) {
    auto found = looked_at_.find(plugin);
    if (found == looked_at_.end()) found = looked_at_.emplace(plugin, keeper_.look_at(all_, {plugin})).first;
    return found->second;
  }
  void say(const NamedService& service, const std::string& key, const std::string& text) {
    problems_.error(place_of(tree_, service.section, service.entry, key),
                    fmt::format("{}: {}", service.shown(key), text));
  }

  const Configuration& all_;
  config::Sources sources_;
  config::Problems told_already_;
  const std::optional<config::Node> tree_;
  SystemClock clock_;
  Loop loop_{clock_};
  Machine machine_;
  PluginKeeper keeper_;
  std::map<std::string, Result<plugins::PluginTable>> looked_at_;  // by plugin
  config::Problems problems_;
};

}  // namespace

std::set<std::string> providers_of_plugins(const Configuration& all) {
  return plugins_of(providers_of(all));
}

std::set<std::string> plugins_in_use(const Configuration& all) {
  return plugins_of(services_of(all));
}

void check_plugin_providers(const Configuration& all, config::Check& check) {
  std::vector<NamedService> named = providers_of(all);
  std::ranges::move(memories_of(all), std::back_inserter(named));
  for (const NamedService& one : named) {
    if (all.plugins.contains(one.plugin)) continue;
    if (std::ranges::count(plugins_of_folder(all, check.environment()), one.plugin) > 0) continue;
    check.entry(one.section, one.entry, one.noun)
        .error(one.key, fmt::format("there is no plugin `{}` in `plugins`{}", one.plugin,
                                    did_you_mean(one.plugin, names_of(all.plugins))));
  }
}

std::vector<config::Problem> check_services(const std::string& path, const Configuration& all,
                                            const config::Environment& environment) {
  const std::vector<NamedService> services = services_of(all);
  if (services.empty()) return {};
  Looker looker(path, all, environment);
  for (const NamedService& one : services) looker.look_at(one);
  return looker.take();
}

}  // namespace troupe::app
