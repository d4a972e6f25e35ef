#include "runtime/base/clock.h"

#include <ctime>

namespace troupe {

std::int64_t SystemClock::wall_ms() const {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

namespace {

/// Writes `value` with leading zeros into the `digits` places before `end`.
void put(char* end, int digits, int value) {
  for (; digits > 0; --digits, value /= 10) *--end = static_cast<char>('0' + value % 10);
}

}  // namespace

// By hand, because every event has one: 60 ns against 700 ns with a format string.
std::string rfc3339(std::int64_t wall_ms) {
  std::time_t seconds = wall_ms / 1000;
  std::int64_t millis = wall_ms % 1000;
  if (millis < 0) {  // before 1970: floor, not truncate
    millis += 1000;
    --seconds;
  }
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[] = "0000-00-00T00:00:00.000Z";
  put(text + 4, 4, parts.tm_year + 1900);
  put(text + 7, 2, parts.tm_mon + 1);
  put(text + 10, 2, parts.tm_mday);
  put(text + 13, 2, parts.tm_hour);
  put(text + 16, 2, parts.tm_min);
  put(text + 19, 2, parts.tm_sec);
  put(text + 23, 3, static_cast<int>(millis));
  return std::string(text, 24);
}

Milliseconds Deadline::remaining(Instant now) const {
  if (none()) return Milliseconds::max();
  if (expired(now)) return Milliseconds(0);
  return std::chrono::ceil<Milliseconds>(at_ - now);
}

}  // namespace troupe
