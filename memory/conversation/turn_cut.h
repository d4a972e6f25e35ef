#pragma once

#include "memory/conversation/cut.h"
#include "memory/conversation/ruler.h"
#include "memory/conversation/turn.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::memory {

/// How a turn that is too long is shortened. Its steps go first, the oldest before, each whole: a call never
/// stands without its result. Then of what the user said and of the answer the middle goes.
struct TurnCut {
  std::size_t steps = 0;  ///< left out, from the first on
  std::optional<Cut> user;
  std::optional<Cut> answer;
  bool nothing() const { return steps == 0 && !user && !answer; }
  bool operator==(const TurnCut&) const = default;
};

/// The turn's messages with that left out; marks say what.
std::vector<models::Message> messages_of(const Turn& turn, const TurnCut& cut);

std::int64_t size_of(const Turn& turn, const Ruler& ruler);

/// The cut by which the turn has at most `room`. Nothing where it has that already; a room that is smaller
/// than the marks is passed.
TurnCut cut_turn(const Turn& turn, std::int64_t room, const Ruler& ruler);

}  // namespace troupe::memory
