#include "plugins/providers.h"

#include "models/provider_facts.h"
#include "plugins/plugin_embedder.h"
#include "plugins/plugin_model.h"
#include "runtime/base/json.h"
#include "runtime/base/sha256.h"
#include "runtime/base/suggest.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::plugins {

namespace {

struct Found {
  std::shared_ptr<Plugin> plugin;
  Meant meant;
};

Result<Found> look_up(const PluginTable& table, std::string_view kind, const std::string& provider,
                      const std::string& model) {
  const std::string_view name = models::plugin_of(provider);
  const auto plugin = table.find(name);
  if (plugin == table.end())
    return fail(ErrorCode::not_found,
                fmt::format("there is no plugin `{}`{}", name, did_you_mean(name, names_of(table))));
  auto meant = service_meant(plugin->second->description(), kind, name, model);
  if (!meant) return fail(std::move(meant.error()));
  return Found{plugin->second, std::move(*meant)};
}

}  // namespace

Result<Meant> service_meant(const PluginDescription& description, std::string_view kind,
                            std::string_view plugin, const std::string& model) {
  std::vector<std::string> names;
  Meant meant{.told = model};
  for (std::size_t i = 0; i < description.services.size(); ++i) {
    const ServiceDescription& service = description.services[i];
    if (service.kind != kind) continue;
    if (service.name == model) return Meant{.service = i};
    meant.service = i;
    names.push_back(service.name);
  }
  if (names.size() == 1) return meant;
  if (names.empty())
    return fail(ErrorCode::not_found, fmt::format("the plugin `{}` has no {}", plugin, kind));
  const std::string there = fmt::format("there are {}", fmt::join(names, ", "));
  if (model.empty())
    return fail(ErrorCode::not_found, fmt::format("the plugin `{}` has several {}s: say which as `model`; {}",
                                                  plugin, kind, there));
  const std::string hint = did_you_mean(model, names);
  return fail(ErrorCode::not_found, fmt::format("the plugin `{}` has no {} `{}`{}", plugin, kind, model,
                                                hint.empty() ? "; " + there : hint));
}

models::PluginModelMaker model_maker(PluginTable table, Workers& workers) {
  return [table = std::move(table),
          &workers](const models::ModelSettings& settings) -> Result<std::shared_ptr<models::Model>> {
    auto found = look_up(table, kModelKind, settings.provider, settings.model);
    if (!found) return fail(std::move(found.error()));
    return make_plugin_model(std::move(found->plugin), found->meant.service, settings,
                             std::move(found->meant.told), workers);
  };
}

std::string version_of(const PluginTable& table, std::string_view plugin) {
  const auto found = table.find(std::string(plugin));
  if (found == table.end()) return "";
  return sha256_hex(found->second->file().sha256 + dump(found->second->settings().config));
}

models::PluginEmbedderMaker embedder_maker(PluginTable table, Workers& workers) {
  return [table = std::move(table),
          &workers](const models::EmbedderSettings& settings) -> Result<std::shared_ptr<models::Embedder>> {
    auto found = look_up(table, kEmbedderKind, settings.provider, settings.model);
    if (!found) return fail(std::move(found.error()));
    return make_plugin_embedder(std::move(found->plugin), found->meant.service, settings,
                                std::move(found->meant.told), workers);
  };
}

}  // namespace troupe::plugins
