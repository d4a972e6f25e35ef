#include "runtime/base/clock.h"

#include <ctime>

#include <fmt/format.h>

namespace troupe {

std::int64_t SystemClock::wall_ms() const {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string rfc3339(std::int64_t wall_ms) {
  std::time_t seconds = wall_ms / 1000;
  std::int64_t millis = wall_ms % 1000;
  if (millis < 0) {  // before 1970: floor, not truncate
    millis += 1000;
    --seconds;
  }
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec, millis);
}

Milliseconds Deadline::remaining(Instant now) const {
  if (none()) return Milliseconds::max();
  if (expired(now)) return Milliseconds(0);
  return std::chrono::ceil<Milliseconds>(at_ - now);
}

}  // namespace troupe
