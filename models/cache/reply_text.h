#pragma once

#include "models/message.h"

#include <optional>
#include <string>
#include <string_view>

namespace troupe::models {

/// A reply as a cache keeps it: everything in it but whose entry it was and that it was kept. Not for people.
std::string reply_to_text(const ModelReply& reply);
/// Nothing when this is not the whole text of a reply, or one of another version.
std::optional<ModelReply> reply_from_text(std::string_view text);

}  // namespace troupe::models
