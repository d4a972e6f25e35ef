#include "tools/builtin/clock/dates.h"

#include <cctype>
#include <chrono>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

using namespace std::chrono;
constexpr std::int64_t kDay = 86'400;

std::int64_t floor_days(std::int64_t local) {
  return local >= 0 ? local / kDay : -((-local + kDay - 1) / kDay);
}

year_month_day date_of(std::int64_t local) {
  return year_month_day(sys_days(days(floor_days(local))));
}

std::int64_t seconds_of(year_month_day date) {
  return sys_days(date).time_since_epoch().count() * kDay;
}

/// Reads fixed-width digits and separators from the left.
struct Reader {
  std::string_view rest;
  bool digits(std::size_t count, int& out) {
    if (rest.size() < count) return false;
    out = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (!std::isdigit(static_cast<unsigned char>(rest[i]))) return false;
      out = out * 10 + (rest[i] - '0');
    }
    rest.remove_prefix(count);
    return true;
  }
  bool accept(char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
};

bool read_date(Reader& reader, year_month_day& date) {
  int y = 0, m = 0, d = 0;
  if (!reader.digits(4, y)) return false;
  const bool dashed = reader.accept('-');
  if (!reader.digits(2, m) || (dashed && !reader.accept('-')) || !reader.digits(2, d)) return false;
  date = year_month_day(year(y), month(static_cast<unsigned>(m)), day(static_cast<unsigned>(d)));
  return true;
}

bool read_clock(Reader& reader, std::int64_t& seconds) {
  int h = 0, m = 0, s = 0;
  if (!reader.digits(2, h) || !reader.accept(':') || !reader.digits(2, m)) return false;
  if (reader.accept(':')) {
    if (!reader.digits(2, s)) return false;
    if (reader.accept('.') || reader.accept(','))
      while (!reader.rest.empty() && std::isdigit(static_cast<unsigned char>(reader.rest[0])))
        reader.rest.remove_prefix(1);
  }
  if (h > 23 || m > 59 || s > 60) return false;
  seconds = h * 3600 + m * 60 + s;
  return true;
}

bool read_offset(Reader& reader, WrittenTime& time) {
  if (reader.rest.empty()) return true;
  time.has_offset = true;
  if (reader.accept('Z') || reader.accept('z')) return reader.rest.empty();
  const int sign = reader.accept('-') ? -1 : reader.accept('+') ? 1 : 0;
  int h = 0, m = 0;
  if (sign == 0 || !reader.digits(2, h)) return false;
  reader.accept(':');
  if (!reader.rest.empty() && !reader.digits(2, m)) return false;
  time.offset = sign * (h * 3600 + m * 60);
  return reader.rest.empty() && h < 24 && m < 60;
}

}  // namespace

Result<WrittenTime> parse_time(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return fail(
        ErrorCode::invalid,
        fmt::format("`{}` {}; write a date as 2026-11-20, or with a time as 2026-11-20T18:30", text, why));
  };
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  Reader reader{text};
  year_month_day date{};
  if (!read_date(reader, date)) return bad("is not understood");
  if (!date.ok()) return bad("is not in the calendar");
  WrittenTime time;
  time.local = seconds_of(date);
  if (reader.rest.empty()) return time;
  std::int64_t clock = 0;
  if (!reader.accept('T') && !reader.accept('t') && !reader.accept(' ')) return bad("is not understood");
  if (!read_clock(reader, clock)) return bad("has no time of day that is understood");
  time.local += clock;
  time.has_time = true;
  reader.accept(' ');
  if (!read_offset(reader, time)) return bad("has no UTC offset that is understood");
  return time;
}

std::string offset_text(int seconds) {
  const int size = std::abs(seconds);
  return fmt::format("{}{:02}:{:02}", seconds < 0 ? '-' : '+', size / 3600, size / 60 % 60);
}

std::string iso8601(std::int64_t utc, const TimeZone& zone) {
  const int offset = zone.at(utc).seconds;
  const std::int64_t local = utc + offset;
  const year_month_day date = date_of(local);
  const std::int64_t clock = local - floor_days(local) * kDay;
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock / 3600,
                     clock / 60 % 60, clock % 60, offset_text(offset));
}

std::string weekday_name(std::int64_t local) {
  static constexpr const char* kNames[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                           "Thursday", "Friday", "Saturday"};
  return kNames[std::chrono::weekday(sys_days(days(floor_days(local)))).c_encoding()];
}

int iso_week(std::int64_t local) {
  // The week of a day is the week of its Thursday.
  const sys_days today{days(floor_days(local))};
  const auto monday_based = (std::chrono::weekday(today).iso_encoding() - 1);
  const sys_days thursday = today - days(monday_based) + days(3);
  const sys_days first = sys_days(year_month_day(thursday).year() / January / 1);
  return static_cast<int>((thursday - first).count() / 7 + 1);
}

Result<std::int64_t> add_span(std::int64_t local, const Span& span) {
  constexpr std::int64_t kMonthsMax = 120'000;  // 10 000 years: before the sum can overflow
  constexpr std::int64_t kSecondsMax = kMonthsMax * 31 * kDay;
  const auto out = [] { return fail(ErrorCode::invalid, "the result is outside the years 1 to 9999"); };
  if (std::abs(span.years) > kMonthsMax || std::abs(span.months) > kMonthsMax ||
      std::abs(span.weeks) > kSecondsMax / kDay || std::abs(span.days) > kSecondsMax / kDay ||
      std::abs(span.hours) > kSecondsMax / 3600 || std::abs(span.minutes) > kSecondsMax / 60)
    return out();
  const year_month_day date = date_of(local);
  const std::int64_t clock = local - floor_days(local) * kDay;
  const std::int64_t month_count = static_cast<int>(date.year()) * 12LL +
                                   static_cast<unsigned>(date.month()) - 1 + span.years * 12 + span.months;
  if (month_count < 12 || month_count >= 120'000) return out();
  const year_month target =
      year(static_cast<int>(month_count / 12)) / month(static_cast<unsigned>(month_count % 12 + 1));
  year_month_day moved = target / date.day();
  if (!moved.ok()) moved = target / last;
  const std::int64_t result =
      seconds_of(moved) + clock + (span.weeks * 7 + span.days) * kDay + span.hours * 3600 + span.minutes * 60;
  const year_month_day end = date_of(result);
  if (end.year() < year(1) || end.year() > year(9999)) return out();
  return result;
}

std::string calendar_difference(std::int64_t from, std::int64_t to) {
  std::int64_t months = 0;
  const year_month_day a = date_of(from), b = date_of(to);
  months = (static_cast<int>(b.year()) - static_cast<int>(a.year())) * 12LL +
           static_cast<int>(static_cast<unsigned>(b.month())) -
           static_cast<int>(static_cast<unsigned>(a.month()));
  auto reached = add_span(from, Span{.months = months});
  if (reached && *reached > to) reached = add_span(from, Span{.months = --months});
  const std::int64_t rest = to - reached.value_or(from);
  const std::pair<std::int64_t, const char*> parts[] = {{months / 12, "year"},
                                                        {months % 12, "month"},
                                                        {rest / kDay, "day"},
                                                        {rest % kDay / 3600, "hour"},
                                                        {rest / 60 % 60, "minute"}};
  std::vector<std::string> words;
  for (const auto& [count, name] : parts)
    if (count != 0) words.push_back(fmt::format("{} {}{}", count, name, count == 1 ? "" : "s"));
  if (words.empty()) return "no difference";
  std::string text = words.front();
  for (std::size_t i = 1; i < words.size(); ++i) text += (i + 1 == words.size() ? " and " : ", ") + words[i];
  return text;
}

}  // namespace troupe::tools
