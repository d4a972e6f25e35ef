#pragma once

#include "agents/teams/conversation/said_before.h"
#include "agents/teams/settings.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace troupe::agents {

/// How it goes on after a turn.
enum class Pace {
  moving,
  new_plan,   ///< limits.stall turns in a row brought nothing new: somebody has to say so, once in a run
  stalled,    ///< the same again, after the new plan
  repeating,  ///< two tell each other the same, limits.repeats times
};

/// Sees whether a team gets anywhere. A turn without progress is an empty one, one whose text its speaker
/// said before (see SaidBefore), and one of which the caller knows as much. Pure.
class Progress {
 public:
  /// A bound of 0 is none.
  explicit Progress(const TeamLimits& limits) : stall_(limits.stall), repeats_(limits.repeats) {}

  /// `again`: no progress, whatever the text.
  Pace turn(const std::string& from, std::string_view text, bool again = false);
  /// Turns without progress since the last with some, or since the new plan.
  int without() const { return without_; }

 private:
  struct Said {
    std::string from;
    std::uint64_t text = 0;
    bool operator==(const Said&) const = default;
  };
  bool repeating(const std::string& from, std::string_view text);

  const int stall_;
  const int repeats_;
  SaidBefore before_;
  std::deque<Said> last_;
  int without_ = 0;
  bool planned_ = false;
};

}  // namespace troupe::agents
