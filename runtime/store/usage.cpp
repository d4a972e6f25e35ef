#include "runtime/store/usage.h"

#include "runtime/base/clock.h"

namespace troupe::store {

Used& Used::operator+=(const Used& more) {
  calls += more.calls;
  input_tokens += more.input_tokens;
  output_tokens += more.output_tokens;
  cached_tokens += more.cached_tokens;
  cost += more.cost;
  return *this;
}

std::string utc_day(std::int64_t wall_ms) {
  return rfc3339(wall_ms).substr(0, std::string_view("2026-11-29").size());
}

}  // namespace troupe::store
