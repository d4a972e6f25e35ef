#include "models/catalog.h"

#include "models/cache/reply_caches.h"
#include "models/fallback.h"
#include "models/governor/governed.h"
#include "models/governor/governors.h"
#include "models/provider.h"
#include "models/provider_facts.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::models {

#define TROUPE_PROVIDER(name, factory, reach) \
  Result<std::shared_ptr<Model>> factory(const ModelSettings&, const ModelServices&, const KnownModels&);
#include "models/providers.def"
#undef TROUPE_PROVIDER

namespace {

enum class Reach { local, network };
struct Provider {
  std::string_view name;
  ProviderFactory make;
  Reach reach;
};

constexpr auto kProviders = std::to_array<Provider>({
#define TROUPE_PROVIDER(name, factory, reach) {#name, factory, Reach::reach},
#include "models/providers.def"
#undef TROUPE_PROVIDER
});

consteval bool names_are_unique() {
  for (std::size_t i = 0; i < kProviders.size(); ++i)
    for (std::size_t j = i + 1; j < kProviders.size(); ++j)
      if (kProviders[i].name == kProviders[j].name) return false;
  return true;
}
static_assert(names_are_unique(), "providers.def names a provider twice");

// The entry whose exchanges a cassette plays; null for an entry of any other kind.
const ModelSettings* played_by(const ModelSettings& entry, const KnownModels& known) {
  if (entry.tapes.empty()) return nullptr;
  const auto played = std::ranges::find(known.settings, entry.tapes, &ModelSettings::name);
  return played == known.settings.end() ? nullptr : &*played;
}

// A cassette tries as often as what it plays, so that a refusal that was tried again is played so. What it
// records goes by the governor of that; what is only played back goes to nobody, and by one of its own.
std::shared_ptr<Model> governed(std::shared_ptr<Model> model, const ModelSettings& entry,
                                const ModelSettings* played, const ModelServices& services,
                                const KnownModels& known) {
  ModelSettings place = played ? *played : entry;
  if (played && entry.mode == "replay") place = {.provider = entry.provider, .base_url = entry.file};
  RetryPolicy policy = services.governors->rules().pauses;
  policy.retries = played ? played->retries : entry.retries;
  const int reply = played ? played->max_output_tokens : entry.max_output_tokens;
  return std::make_shared<Governed>(std::move(model), services.governors->of(place, known.settings), policy,
                                    reply, services.rng);
}

Result<std::shared_ptr<Model>> make_of_plugin(const ModelSettings& entry, const ModelServices& services,
                                              const KnownModels&) {
  if (!services.plugins) return fail(ErrorCode::unavailable, "no plugin is loaded here");
  return services.plugins(entry);
}
constexpr Provider kOfPlugin{kPluginProvider, make_of_plugin, Reach::network};

const Provider* provider_of(const ModelSettings& entry) {
  if (!plugin_of(entry.provider).empty()) return &kOfPlugin;
  const auto found = std::ranges::find(kProviders, entry.provider, &Provider::name);
  return found == kProviders.end() ? nullptr : &*found;
}

Result<> add(const ModelSettings& entry, const Provider& provider, const ModelServices& services,
             const KnownModels& known, ModelTable& table) {
  auto model = provider.make(entry, services, known);
  if (!model) return within(fmt::format("models.{}", entry.name), std::move(model.error()));
  const ModelSettings* played = played_by(entry, known);
  if (provider.reach == Reach::network) *model = governed(std::move(*model), entry, played, services, known);
  if (services.caches) {
    const std::string_view plugin = plugin_of(entry.provider);
    const bool versioned = !plugin.empty() && services.plugin_version;
    *model = services.caches->around(std::move(*model), entry, played,
                                     versioned ? services.plugin_version(plugin) : std::string());
  }
  if (!table.emplace(entry.name, std::move(*model)).second)
    return fail(ErrorCode::invalid, fmt::format("models.{}: two entries have this name", entry.name));
  return {};
}

// The entry itself, then those it falls back to.
Result<std::shared_ptr<Model>> chain_of(const ModelSettings& entry, const ModelTable& table) {
  std::vector<FallbackChain::Entry> entries{{entry.name, table.at(entry.name)}};
  for (const std::string& name : entry.fallback) {
    auto other = table.find(name);
    if (other == table.end())
      return fail(ErrorCode::invalid,
                  fmt::format("models.{}: `fallback` names {}, which is no model", entry.name, name));
    if (std::ranges::find(entries, name, &FallbackChain::Entry::name) != entries.end())
      return fail(ErrorCode::invalid,
                  fmt::format("models.{}: `fallback` names {} twice, or the model itself", entry.name, name));
    entries.push_back({name, other->second});
  }
  return std::make_shared<FallbackChain>(std::move(entries));
}

Result<> add_chains(const std::vector<ModelSettings>& settings, ModelTable& table) {
  const ModelTable alone = table;
  for (const ModelSettings& entry : settings) {
    if (entry.fallback.empty()) continue;
    auto chain = chain_of(entry, alone);
    if (!chain) return std::unexpected(std::move(chain.error()));
    table[entry.name] = std::move(*chain);
  }
  return {};
}

}  // namespace

std::vector<std::string_view> provider_names() {
  std::vector<std::string_view> names;
  for (const Provider& provider : kProviders) names.push_back(provider.name);
  return names;
}

ProviderFactory network_provider(std::string_view name) {
  auto provider = std::ranges::find(kProviders, name, &Provider::name);
  const bool found = provider != kProviders.end() && provider->reach == Reach::network;
  return found && provider->make != make_cassette ? provider->make : nullptr;
}

Result<ModelTable> make_models(const std::vector<ModelSettings>& settings, ModelServices services) {
  ModelTable table;
  Governors own(services.loop, services.rng);
  if (!services.governors) services.governors = &own;
  for (const ModelSettings& entry : settings) {
    const Provider* provider = provider_of(entry);
    if (!provider)
      return fail(ErrorCode::invalid,
                  fmt::format("models.{}: there is no provider `{}`; there are {}", entry.name,
                              entry.provider, fmt::join(provider_names(), ", ")));
    if (auto added = add(entry, *provider, services, KnownModels{settings}, table); !added)
      return fail(std::move(added.error()));
  }
  if (auto added = add_chains(settings, table); !added) return fail(std::move(added.error()));
  return table;
}

}  // namespace troupe::models
