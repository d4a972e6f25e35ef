#pragma once

#include "runtime/async/loop.h"
#include "runtime/base/clock.h"

namespace troupe {

/// Notices when the loop thread was held up: an alarm every kEvery that comes late means that something ran
/// too long without waiting. Everything in Troupe shares that thread, so a stall is a defect and is logged.
/// Costs ten wake-ups a second. Loop thread only.
class LagWatch {
 public:
  static constexpr Milliseconds kEvery{100};
  static constexpr Milliseconds kTolerated{50};

  explicit LagWatch(Loop& loop) : loop_(loop) { arm(); }

  /// The longest lag since the last call.
  Milliseconds take_worst() { return std::exchange(worst_, Milliseconds(0)); }

 private:
  void arm();
  void fired();

  Loop& loop_;
  Instant due_;
  Milliseconds worst_{0};
  Loop::Alarm alarm_;
};

}  // namespace troupe
