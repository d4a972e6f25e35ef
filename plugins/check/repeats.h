#pragma once

#include "runtime/base/clock.h"

#include <cstddef>
#include <optional>

namespace troupe::plugins {

/// How often something is called that is tried: first until it has what it keeps, then as often as is wanted
/// while its memory is watched, both within one time. It is called once in any case. Pure.
class Repeats {
 public:
  Repeats(std::size_t warm_up, std::size_t wanted, Milliseconds time, Instant now)
      : warm_up_(warm_up), wanted_(wanted), time_(time), begun_(now) {}

  /// Whether a further call is due.
  bool more(Instant now) const {
    return calls_ == 0 || (now < begun_ + time_ && (!before_ || judged() < wanted_));
  }
  /// Once: true when memory is to be looked at before the call that is due. Slow calls warm up for a part of
  /// the time only, so that some are left to judge by.
  bool begins_to_judge(Instant now) {
    if (before_ || calls_ == 0 || (calls_ < warm_up_ && now < begun_ + time_ / kWarmUpPart)) return false;
    before_ = calls_;
    return true;
  }
  void called() { ++calls_; }

  std::size_t calls() const { return calls_; }
  /// Calls since memory was looked at.
  std::size_t judged() const { return before_ ? calls_ - *before_ : 0; }
  std::size_t wanted() const { return wanted_; }
  Milliseconds time() const { return time_; }

 private:
  static constexpr int kWarmUpPart = 5;

  const std::size_t warm_up_;
  const std::size_t wanted_;
  const Milliseconds time_;
  const Instant begun_;
  std::size_t calls_ = 0;
  std::optional<std::size_t> before_;  ///< calls before memory was looked at
};

}  // namespace troupe::plugins
