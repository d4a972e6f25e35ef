#include "tests/fakes/run_loop.h"
#include "tests/tools/fake_context.h"
#include "tools/builtin/clock/clock_tool.h"
#include "tools/builtin/clock/dates.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

/// Friday, 20 November 2026, 09:30:00.012 UTC.
struct FixedClock final : Clock {
  Instant now() const override { return {}; }
  std::int64_t wall_ms() const override { return 1795'167'000'012LL; }
};

std::string ask(const Json& arguments, const std::string& home = "UTC") {
  static const FixedClock clock;
  fakes::FakeContext fake;
  ToolSettings settings;
  settings.name = settings.type = "clock";
  settings.timezone = home;
  auto tool = ClockTool::make(settings, clock);
  if (!tool) return "error: " + tool.error().message;
  auto answer = fakes::run(fake.loop, (*tool)->call(ToolInput{arguments, ""}, fake.context));
  return answer ? answer->text : "error: " + answer.error().message;
}

std::int64_t utc(const char* text) {
  return parse_time(text)->local;
}

}  // namespace

TEST_CASE("the clock tells the time in any zone") {
  CHECK(ask({}) == "2026-11-20T09:30:00+00:00 (Friday, UTC, UTC+00:00, week 47)");
  CHECK(ask({{"timezone", "Asia/Seoul"}}) ==
        "2026-11-20T18:30:00+09:00 (Friday, Asia/Seoul, UTC+09:00, week 47)");
  CHECK(ask({}, "America/New_York") ==
        "2026-11-20T04:30:00-05:00 (Friday, America/New_York, UTC-05:00, week 47)");
  CHECK(ask({{"timezone", "Asia/Kolkata"}}).contains("2026-11-20T15:00:00+05:30"));
}

TEST_CASE("an unknown zone is told with what was probably meant") {
  CHECK(ask({{"timezone", "Asia/Seol"}}).contains("did you mean `Asia/Seoul`"));
  CHECK(ask({{"timezone", "Seoul"}}).contains("did you mean `Asia/Seoul`"));
  CHECK(ask({{"timezone", "../../etc/passwd"}}).contains("there is no time zone"));
  CHECK(ask({{"timezone", "/etc/passwd"}}).contains("there is no time zone"));
  CHECK(ask({}, "Mars/Olympus").contains("there is no time zone"));
}

TEST_CASE("dates add by the calendar") {
  CHECK(ask({{"operation", "add"}, {"time", "2026-11-20"}, {"days", 42}}) == "2027-01-01 (Friday)");
  CHECK(ask({{"operation", "add"}, {"time", "2024-01-31"}, {"months", 1}}) == "2024-02-29 (Thursday)");
  CHECK(ask({{"operation", "add"}, {"time", "2024-02-29"}, {"years", 1}}) == "2025-02-28 (Friday)");
  CHECK(ask({{"operation", "add"}, {"time", "2026-11-20"}, {"weeks", -2}}) == "2026-11-06 (Friday)");
  CHECK(ask({{"operation", "add"}, {"hours", 36}}).contains("2026-11-21T21:30:00+00:00"));
  CHECK(ask({{"operation", "add"}, {"time", "9999-12-31"}, {"days", 1}}).contains("outside the years"));
  CHECK(ask({{"operation", "add"}, {"time", "2026-11-20"}, {"days", 9'000'000'000'000'000LL}})
            .contains("outside the years"));
  // The day after the clocks go forward has 23 hours; a day later is the same time on the wall.
  CHECK(ask({{"operation", "add"}, {"time", "2026-03-28T12:00"}, {"days", 1}, {"timezone", "Europe/Berlin"}})
            .contains("2026-03-29T12:00:00+02:00"));
  CHECK(
      ask({{"operation", "add"}, {"time", "2026-03-28T12:00"}, {"hours", 24}, {"timezone", "Europe/Berlin"}})
          .contains("2026-03-29T13:00:00+02:00"));
}

TEST_CASE("days between dates") {
  CHECK(ask({{"operation", "between"}, {"time", "2026-11-20"}, {"until", "2026-12-25"}}) ==
        "35 days (1 month and 5 days) from 2026-11-20 to 2026-12-25");
  CHECK(ask({{"operation", "between"}, {"until", "2026-12-25"}}) ==
        "35 days (1 month and 5 days) from 2026-11-20 to 2026-12-25");
  CHECK(ask({{"operation", "between"}, {"time", "2026-11-21"}, {"until", "2026-11-20"}}) ==
        "-1 day from 2026-11-21 to 2026-11-20");
  CHECK(ask({{"operation", "between"}, {"time", "2000-02-29"}, {"until", "2026-11-20"}})
            .contains("26 years, 8 months and 22 days"));
  CHECK(ask({{"operation", "between"}, {"time", "2026-11-20T10:00"}, {"until", "2026-11-20T12:30"}})
            .contains("2 hours and 30 minutes"));
}

TEST_CASE("times convert between zones") {
  CHECK(ask({{"operation", "convert"},
             {"time", "2026-11-20T18:30"},
             {"from_timezone", "Asia/Seoul"},
             {"timezone", "Europe/London"}})
            .contains("2026-11-20T09:30:00+00:00"));
  CHECK(ask({{"operation", "convert"}, {"time", "2026-07-01T12:00:00Z"}, {"timezone", "America/Los_Angeles"}})
            .contains("2026-07-01T05:00:00-07:00"));
}

TEST_CASE("what is no date is told") {
  CHECK(ask({{"operation", "add"}, {"time", "2026-02-30"}}).contains("not in the calendar"));
  CHECK(ask({{"operation", "add"}, {"time", "tomorrow"}}).contains("not understood"));
  CHECK(ask({{"operation", "add"}, {"time", "2026-11-20T25:00"}}).contains("time of day"));
  CHECK(ask({{"operation", "add"}, {"time", "2026-11-20T10:00+99:00"}}).contains("UTC offset"));
}

TEST_CASE("zones follow their rules beyond the table, south of the equator too") {
  const TimeZone berlin = *TimeZone::load("Europe/Berlin"), sydney = *TimeZone::load("Australia/Sydney");

  CHECK(berlin.at(utc("2026-03-29T00:59:59")).seconds == 3600);
  CHECK(berlin.at(utc("2026-03-29T01:00:00")).seconds == 7200);
  CHECK(berlin.at(utc("2099-07-01")).seconds == 7200);
  CHECK(berlin.at(utc("2099-12-01")).seconds == 3600);
  CHECK(sydney.at(utc("2099-01-01")).seconds == 39600);
  CHECK(sydney.at(utc("2099-07-01")).seconds == 36000);
  CHECK(berlin.at(utc("1700-01-01")).seconds == 3208);  // local mean time
}

TEST_CASE("wall clock times in a gap and in a fold have one meaning") {
  const TimeZone berlin = *TimeZone::load("Europe/Berlin");

  CHECK(berlin.to_utc(utc("2026-10-25T02:30:00")) == utc("2026-10-25T00:30:00"));  // the earlier of two
  CHECK(berlin.to_utc(utc("2026-03-29T02:30:00")) ==
        utc("2026-03-29T01:30:00"));  // does not exist: an hour later
  CHECK(berlin.to_utc(utc("2026-07-01T12:00:00")) == utc("2026-07-01T10:00:00"));
}

TEST_CASE("a damaged zone file is refused") {
  CHECK_FALSE(TimeZone::parse("X", ""));
  CHECK_FALSE(TimeZone::parse("X", "TZif2"));
  CHECK_FALSE(TimeZone::parse("X", std::string("TZif2") + std::string(39, '\xff')));
  CHECK_FALSE(TimeZone::load("zone.tab"));
  CHECK(TimeZone::load("Asia/Seoul", "/nonexistent").error().code == ErrorCode::unavailable);
}
