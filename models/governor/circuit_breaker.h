#pragma once

#include "models/limits.h"
#include "runtime/base/clock.h"

namespace troupe::models {

/// When an endpoint is left alone, and for how long.
struct BreakerRules {
  int failures = limits::kBreakerFailures;         ///< in a row …
  Milliseconds span = limits::kBreakerSpan;        ///< … over at least this time
  Milliseconds first = limits::kBreakerFirst;      ///< doubled each time …
  Milliseconds longest = limits::kBreakerLongest;  ///< … up to this
};

/// Keeps calls from an endpoint that fails all the time. It opens after so many failures in a row over some
/// time; after a while one call tries, and what becomes of that decides: all may call, or it stays open for
/// twice as long. Pure: `now` never goes back.
class CircuitBreaker {
 public:
  enum class State { closed, open, half_open };

  explicit CircuitBreaker(BreakerRules rules = {}) : rules_(rules) {}

  bool closed() const { return state_ == State::closed; }
  State state(Instant now) const;
  /// Whether a call may go now: one at a time when it is half open.
  bool admits(Instant now) const;
  /// A call goes, which admits() allowed. True: it is the one that tries.
  bool enter(Instant now);

  /// The reply of a call begins. Closes it for the one that tries, on probation: its end counts as well.
  void begun(bool probe);
  /// A call was answered to its end: there is nothing wrong with the endpoint.
  void answered();
  /// A call failed because of the endpoint. Those that began before it opened say nothing new.
  void failed(Instant now, bool probe);
  /// A call ended without saying anything about the endpoint.
  void abandoned(bool probe);

  int failures() const { return failures_; }      ///< in a row
  Instant since() const { return since_; }        ///< it has not been closed since
  Instant tries_at() const { return tries_at_; }  ///< when a call may try again

 private:
  void open(Instant now, Milliseconds length);

  const BreakerRules rules_;
  State state_ = State::closed;
  int failures_ = 0;
  bool trying_ = false;
  Milliseconds length_{0};
  Instant row_since_{};  // the first of the failures in a row
  Instant since_{};
  Instant tries_at_{};
};

}  // namespace troupe::models
