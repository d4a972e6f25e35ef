#pragma once

#include "models/message.h"

#include <cstdint>
#include <functional>
#include <span>

namespace troupe::memory {

/// How large a message is: in tokens where a memory has `max_tokens`, else in bytes. It must be a function of
/// the message alone, so that the same turns are recalled again after a crash. Sizes add up.
using Ruler = std::function<std::int64_t(const models::Message&)>;

/// Tokens, by a plain estimate that is the same in every process.
Ruler estimated_tokens();
/// Bytes of what is said and called.
Ruler bytes();

std::int64_t size_of(std::span<const models::Message> messages, const Ruler& ruler);

}  // namespace troupe::memory
