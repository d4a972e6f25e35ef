#include "models/embedders/catalog.h"

#include "models/embedders/batching.h"
#include "models/embedders/embedder_provider.h"
#include "models/embedders/governed_embedder.h"
#include "models/governor/governors.h"
#include "models/provider_facts.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace troupe::models {

#define TROUPE_EMBEDDER(name, factory, reach) \
  Result<std::shared_ptr<Embedder>> factory(const EmbedderSettings&, const EmbedderServices&);
#include "models/embedders/embedders.def"
#undef TROUPE_EMBEDDER

namespace {

enum class Reach { local, network };
struct Provider {
  std::string_view name;
  EmbedderFactory make;
  Reach reach;
};

constexpr auto kProviders = std::to_array<Provider>({
#define TROUPE_EMBEDDER(name, factory, reach) {#name, factory, Reach::reach},
#include "models/embedders/embedders.def"
#undef TROUPE_EMBEDDER
});

consteval bool names_are_unique() {
  for (std::size_t i = 0; i < kProviders.size(); ++i)
    for (std::size_t j = i + 1; j < kProviders.size(); ++j)
      if (kProviders[i].name == kProviders[j].name) return false;
  return true;
}
static_assert(names_are_unique(), "embedders.def names a provider twice");

Result<std::shared_ptr<Embedder>> make_of_plugin(const EmbedderSettings& entry,
                                                 const EmbedderServices& services) {
  if (!services.plugins) return fail(ErrorCode::unavailable, "no plugin is loaded here");
  return services.plugins(entry);
}
constexpr Provider kOfPlugin{kPluginProvider, make_of_plugin, Reach::network};

const Provider* provider_of(const EmbedderSettings& entry) {
  if (!plugin_of(entry.provider).empty()) return &kOfPlugin;
  const auto found = std::ranges::find(kProviders, entry.provider, &Provider::name);
  return found == kProviders.end() ? nullptr : &*found;
}

Result<> add(const EmbedderSettings& entry, const Provider& provider, const EmbedderServices& services,
             EmbedderTable& table) {
  auto embedder = provider.make(entry, services);
  if (!embedder) return within(fmt::format("embeddings.{}", entry.name), std::move(embedder.error()));
  if (provider.reach == Reach::network) {
    const ModelSettings place{.provider = entry.provider,
                              .base_url = entry.base_url,
                              .api_key = entry.api_key,
                              .extra_headers = entry.extra_headers};
    RetryPolicy policy = services.governors->rules().pauses;
    policy.retries = entry.retries;
    *embedder = std::make_shared<GovernedEmbedder>(
        std::move(*embedder), services.governors->of(place, services.models), policy, services.rng);
  }
  auto batching = std::make_shared<Batching>(std::move(*embedder));
  if (!table.emplace(entry.name, std::move(batching)).second)
    return fail(ErrorCode::invalid, fmt::format("embeddings.{}: two entries have this name", entry.name));
  return {};
}

}  // namespace

std::vector<std::string_view> embedder_provider_names() {
  std::vector<std::string_view> names;
  for (const Provider& provider : kProviders) names.push_back(provider.name);
  return names;
}

Result<EmbedderTable> make_embedders(const std::vector<EmbedderSettings>& settings,
                                     EmbedderServices services) {
  EmbedderTable table;
  Governors own(services.loop, services.rng);
  if (!services.governors) services.governors = &own;
  for (const EmbedderSettings& entry : settings) {
    const Provider* provider = provider_of(entry);
    if (!provider)
      return fail(ErrorCode::invalid,
                  fmt::format("embeddings.{}: there is no provider `{}`; there are {}", entry.name,
                              entry.provider, fmt::join(embedder_provider_names(), ", ")));
    if (auto added = add(entry, *provider, services, table); !added) return fail(std::move(added.error()));
  }
  return table;
}

}  // namespace troupe::models
