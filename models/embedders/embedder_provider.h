#pragma once

#include "models/embedders/catalog.h"

#include <memory>

namespace troupe::models {

/// How an embedder is made: by a free function that its line in embedders.def names. What it makes sends one
/// request a call, of at most limits().texts texts, none of them blank. Errors say what is wrong with the
/// entry; the catalog puts its name in front.
using EmbedderFactory = Result<std::shared_ptr<Embedder>> (*)(const EmbedderSettings& settings,
                                                              const EmbedderServices& services);

}  // namespace troupe::models
