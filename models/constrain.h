#pragma once

#include "models/settings.h"

namespace troupe::models {

/// Whether the provider of this entry can hold a reply to a JSON Schema (ModelRequest::schema), and is to:
/// its `constrain` is not off. Whether the server behind it really can, the first call tells.
bool constrains(const ModelSettings& settings);

}  // namespace troupe::models
