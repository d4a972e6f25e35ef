#pragma once

#include "models/catalog.h"

#include <memory>

namespace troupe::models {

/// How a provider is made: by a free function that its line in providers.def names. `made` holds the entries
/// made before it; wrappers such as `cassette` are made after all others. Errors name what is wrong with the
/// entry.
using ProviderFactory = Result<std::shared_ptr<Model>> (*)(const ModelSettings& settings,
                                                           const ModelServices& services,
                                                           const ModelTable& made);

}  // namespace troupe::models
