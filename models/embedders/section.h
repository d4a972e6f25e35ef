#pragma once

#include "models/embedders/settings.h"
#include "runtime/config/collections.h"

namespace troupe::models {

/// The `embeddings:` section; its names are the namespace "embeddings".
config::ShapePtr<config::Entries<EmbedderSettings>> embeddings_section();

}  // namespace troupe::models
