#include "models/catalog.h"

#include "models/cache/reply_caches.h"
#include "models/provider.h"
#include "models/retrying.h"

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

Result<> add(const ModelSettings& entry, const Provider& provider, const ModelServices& services,
             const KnownModels& known, ModelTable& table) {
  auto model = provider.make(entry, services, known);
  if (!model) return within(fmt::format("models.{}", entry.name), std::move(model.error()));
  if (provider.reach == Reach::network) {
    // A cassette tries as often as what it plays: a refusal that was tried again is played so.
    auto tried = std::ranges::find(known.settings, entry.tapes, &ModelSettings::name);
    RetryPolicy policy{.retries = tried == known.settings.end() ? entry.retries : tried->retries};
    *model = std::make_shared<Retrying>(std::move(*model), policy, services.rng);
  }
  if (services.caches) *model = services.caches->around(std::move(*model), entry);
  if (!table.emplace(entry.name, std::move(*model)).second)
    return fail(ErrorCode::invalid, fmt::format("models.{}: two entries have this name", entry.name));
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
  for (const ModelSettings& entry : settings) {
    auto provider = std::ranges::find(kProviders, entry.provider, &Provider::name);
    if (provider == kProviders.end())
      return fail(ErrorCode::invalid,
                  fmt::format("models.{}: there is no provider `{}`; there are {}", entry.name,
                              entry.provider, fmt::join(provider_names(), ", ")));
    if (auto added = add(entry, *provider, services, KnownModels{settings}, table); !added)
      return fail(std::move(added.error()));
  }
  return table;
}

}  // namespace troupe::models
