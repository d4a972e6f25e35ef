#pragma once

#include "runtime/base/clock.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace troupe::agents {

/// A clock that stands still until somebody sets it forward. It stands so far ahead of the machine's own that
/// no timer of the machine goes off by it: who sets it forward fires what is due (Loop::ring). Loop
/// thread only.
class StillClock final : public Clock {
 public:
  explicit StillClock(std::int64_t wall_ms)
      : begin_(std::chrono::steady_clock::now() + kAhead), now_(begin_), wall_ms_(wall_ms) {}

  Instant now() const override { return now_; }
  std::int64_t wall_ms() const override { return wall_ms_; }
  /// The wall clock is for what is shown and kept: it goes by itself.
  void set_wall(std::int64_t wall_ms) { wall_ms_ = wall_ms; }
  Instant begin() const { return begin_; }
  /// Never back.
  void set(Instant now) { now_ = std::max(now_, now); }

 private:
  static constexpr std::chrono::hours kAhead{24 * 365 * 20};

  const Instant begin_;
  Instant now_;
  std::int64_t wall_ms_;
};

}  // namespace troupe::agents
