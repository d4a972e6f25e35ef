#pragma once

#include "runtime/base/result.h"
#include "tools/builtin/clock/time_zone.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::tools {

/// A date, perhaps with a time, as somebody wrote it.
struct WrittenTime {
  std::int64_t local = 0;  ///< seconds of the wall clock since 1970-01-01, as if it were UTC
  bool has_time = false;
  bool has_offset = false;
  int offset = 0;  ///< seconds east of UTC, when has_offset
  /// The moment it means in a zone (its own offset goes first).
  std::int64_t utc(const TimeZone& zone) const { return has_offset ? local - offset : zone.to_utc(local); }
};

/// ISO 8601 as people write it: 2026-11-20, 2026-11-20T18:30, …:05, with Z or +09:00, a blank for the T.
/// Years 1 to 9999. Errors: invalid, with what is wrong. Pure.
Result<WrittenTime> parse_time(std::string_view text);

/// "2026-11-20T18:30:00+09:00"
std::string iso8601(std::int64_t utc, const TimeZone& zone);
/// "+09:00"
std::string offset_text(int seconds);
/// "Friday"
std::string weekday_name(std::int64_t local);
int iso_week(std::int64_t local);

struct Span {
  std::int64_t years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0;
};
/// The wall clock plus a span: years and months by the calendar (31 January + 1 month is the last of
/// February), then days, then hours. Errors: invalid (outside years 1 to 9999).
Result<std::int64_t> add_span(std::int64_t local, const Span& span);

/// "3 years, 2 months and 5 days" between two wall-clock times, the earlier first; parts that are zero left
/// out.
std::string calendar_difference(std::int64_t from, std::int64_t to);

}  // namespace troupe::tools
