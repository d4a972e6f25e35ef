#pragma once

#include "models/catalog.h"

#include <memory>
#include <string_view>
#include <vector>

namespace troupe::models {

/// What a factory may know of the other entries.
struct KnownModels {
  const std::vector<ModelSettings>& settings;  ///< all of the configuration
};

/// How a provider is made: by a free function that its line in providers.def names. Errors say what is wrong
/// with the entry; the catalog puts its name in front.
using ProviderFactory = Result<std::shared_ptr<Model>> (*)(const ModelSettings& settings,
                                                           const ModelServices& services,
                                                           const KnownModels& known);

/// The factory of a provider that is reached over HTTP; nullptr for any other.
ProviderFactory network_provider(std::string_view name);

}  // namespace troupe::models
