#pragma once

#include "runtime/base/clock.h"

#include <cstdint>
#include <deque>

namespace troupe::models {

/// What may be asked for within a window of time. 0: no limit.
struct Rates {
  std::int64_t requests = 0;
  std::int64_t tokens = 0;
  Milliseconds length{60'000};
  bool unlimited() const { return requests == 0 && tokens == 0; }
};

/// Counts requests and tokens over the last minute, so that in no minute there are more than allowed. Tokens
/// are reserved by an estimate when a call begins and put right when it is known what it used. Time is
/// counted in sixtieths of the window, rounded to the safe side. Pure: `now` never goes back.
class RateWindow {
 public:
  explicit RateWindow(Rates rates = {}) : rates_(rates) {}

  const Rates& rates() const { return rates_; }
  /// New rates; what was counted stays counted. The window keeps its length.
  void set(Rates rates) { rates_ = rates; }

  /// The first instant at which a call of so many tokens may begin, `now` at the earliest. One that is larger
  /// than the whole window may begin once nothing else is in it: the provider decides about it.
  Instant free_at(Instant now, std::int64_t tokens);

  struct Reservation {
    std::int64_t part = 0;  ///< of time
    std::int64_t tokens = 0;
  };
  /// A call begins.
  Reservation take(Instant now, std::int64_t tokens);
  /// What it really used. Nothing happens when it has left the window.
  void correct(const Reservation& reserved, std::int64_t tokens);

 private:
  static constexpr std::int64_t kParts = 60;
  struct Part {
    std::int64_t index = 0;
    std::int64_t requests = 0;
    std::int64_t tokens = 0;
  };

  std::int64_t part_of(Instant now) const;
  Instant left_by(const Part& part) const;
  void forget(Instant now);
  bool fits(std::int64_t requests, std::int64_t tokens, std::int64_t wanted) const;

  Rates rates_;
  std::deque<Part> parts_;  // those of the window, oldest first
  std::int64_t requests_ = 0;
  std::int64_t tokens_ = 0;
};

}  // namespace troupe::models
