#pragma once

#include "runtime/base/clock.h"

namespace troupe::fakes {

/// The machine's clock, whose wall time a test can set ahead as if the time had passed while nothing ran.
class WallClock final : public Clock {
 public:
  void set_ahead(Milliseconds by) { ahead_ += by; }
  Instant now() const override { return system_.now(); }
  std::int64_t wall_ms() const override { return system_.wall_ms() + ahead_.count(); }

 private:
  SystemClock system_;
  Milliseconds ahead_{0};
};

}  // namespace troupe::fakes
