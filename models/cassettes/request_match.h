#pragma once

#include "runtime/base/json.h"

#include <optional>
#include <string>

namespace troupe::models {

/// Where `asked` first differs from `recorded`, for a person: "body.messages[2].content: at byte 17
/// recorded “…” but asked “…”". Nothing when they are equal.
std::optional<std::string> first_difference(const Json& recorded, const Json& asked);

/// How much of two requests is the same, to find the recording that was probably meant: the same
/// address, and equal messages at the beginning of a conversation, count most.
std::size_t likeness(const Json& recorded, const Json& asked);

}  // namespace troupe::models
