#pragma once

#include "models/settings.h"
#include "runtime/config/collections.h"

namespace troupe::models {

/// The `models:` section; its names are the namespace "models".
config::ShapePtr<config::Entries<ModelSettings>> section();

/// True when this entry talks to OpenAI's own servers, which want a key.
bool is_public_openai(const ModelSettings& model);

}  // namespace troupe::models
