#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <optional>
#include <string>

namespace troupe::models {

/// A request as recordings compare it: what the model is told and nothing about how it is reached. Tools'
/// schemas are compared by value, line ends are all LF. Keys are sorted, so equal requests are equal text.
Json normalized_request(const ModelRequest& request);

/// Where `asked` first differs from `recorded`, for a person: "messages[2].content: at character 17 recorded
/// “…” but asked “…”". Nothing when they are equal.
std::optional<std::string> first_difference(const Json& recorded, const Json& asked);

/// How much of two requests is the same, to find the recording that was probably meant: equal leading
/// messages count most.
std::size_t likeness(const Json& recorded, const Json& asked);

}  // namespace troupe::models
