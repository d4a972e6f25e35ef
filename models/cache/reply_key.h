#pragma once

#include "models/message.h"
#include "models/settings.h"

#include <string>
#include <string_view>

namespace troupe::models {

/// Everything of an entry that shapes what its model answers: where it is, its name there, how it samples.
/// Not the key it is asked with, nor what a call costs or how long it may take. Two entries that are the same
/// model have the same. Made once per model.
std::string model_identity(const ModelSettings& settings);

/// The name of a reply in a cache: SHA-256, in hex, over the tenant, the model and the whole request.
std::string reply_key(std::string_view tenant, std::string_view identity, const ModelRequest& request);

}  // namespace troupe::models
