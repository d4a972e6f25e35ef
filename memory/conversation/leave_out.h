#pragma once

#include "models/message.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace troupe::memory {

/// How much of what was recalled is left out.
struct LeftOut {
  std::size_t turns = 0;
  std::size_t messages = 0;  ///< of them, from the beginning
  std::int64_t tokens = 0;   ///< of these
  bool operator==(const LeftOut&) const = default;
};

/// The memory's own rule for a conversation that is too long for a model: whole turns go, the oldest first,
/// as few as save `wanted` tokens; all of them where they do not. A turn is a user's message with what
/// follows it up to the next one. `tokens`: of each of the `recalled` messages. Pure.
LeftOut leave_out_turns(std::span<const models::Message> recalled, std::span<const std::int64_t> tokens,
                        std::int64_t wanted);

}  // namespace troupe::memory
