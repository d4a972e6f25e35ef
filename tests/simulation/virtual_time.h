#pragma once

#include "runtime/async/loop.h"
#include "runtime/base/clock.h"

#include <algorithm>
#include <functional>

namespace troupe::simulation {

/// A clock that stands until it is moved. It begins so far ahead that no timer of the machine's own time ever
/// comes due.
class VirtualClock final : public Clock {
 public:
  Instant now() const override { return now_; }
  std::int64_t wall_ms() const override {
    return kWallStart + std::chrono::duration_cast<Milliseconds>(now_ - kStart).count() + set_by_;
  }
  void move_to(Instant when) { now_ = std::max(now_, when); }
  /// Somebody sets the wall clock.
  void set_wall(Milliseconds by) { set_by_ += by.count(); }
  Instant start() const { return kStart; }

 private:
  static constexpr Instant kStart = Instant(std::chrono::hours(24 * 36'500));
  static constexpr std::int64_t kWallStart = 1'767'225'600'000;  // 2026-01-01

  Instant now_ = kStart;
  std::int64_t set_by_ = 0;
};

/// Runs a loop in the time of its clock: when nothing is left to do at one instant, the next alarm is now.
class VirtualTime {
 public:
  VirtualTime(VirtualClock& clock, Loop& loop) : clock_(clock), loop_(loop) {}

  /// Until `done` holds or `until` has come. False: nothing is left that could make it hold.
  bool run(const std::function<bool()>& done, Instant until = Instant::max()) {
    for (;;) {
      settle();
      if (done()) return true;
      const Instant next = loop_.next_alarm();
      if (next > until) {
        clock_.move_to(until);
        return true;
      }
      if (next == Instant::max()) return false;
      clock_.move_to(next);
      loop_.ring();
    }
  }
  /// What can be done without any time passing.
  void settle() {
    loop_.context().restart();
    while (loop_.context().poll() > 0) loop_.context().restart();
  }

 private:
  VirtualClock& clock_;
  Loop& loop_;
};

}  // namespace troupe::simulation
