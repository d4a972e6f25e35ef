#pragma once

#include "runtime/base/clock.h"
#include "runtime/bus/limits.h"

#include <cstdint>

namespace troupe::bus {

/// When to look at a deadline of wall time: when it passes if the wall clock does not jump, and within
/// limits::kBusAlarmMax however far it is off.
inline Instant alarm_for(const Clock& clock, std::int64_t deadline_ms) {
  const std::int64_t wall = clock.wall_ms();
  const std::int64_t most = Milliseconds(limits::kBusAlarmMax).count();
  const std::int64_t left = deadline_ms <= wall ? 0 : deadline_ms > wall + most ? most : deadline_ms - wall;
  return clock.now() + Milliseconds(left);
}

inline bool passed(const Clock& clock, std::int64_t deadline_ms) {
  return deadline_ms != 0 && deadline_ms <= clock.wall_ms();
}

}  // namespace troupe::bus
