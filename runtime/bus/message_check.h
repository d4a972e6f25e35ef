#pragma once

#include "runtime/base/result.h"
#include "runtime/bus/message.h"

#include <cstddef>

namespace troupe::bus {

/// What can be sent at all, whoever is there. Errors: invalid (no id, sender, room or receiver; a receiver
/// and a topic; a reply to nothing), too_large (limits of runtime/bus/limits.h).
Result<> check(const Message& message);

/// About what a message takes while it is held. Bytes.
std::size_t size_of(const Message& message);

}  // namespace troupe::bus
