#include "models/retry_after.h"

#include "runtime/base/ascii.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <ctime>
#include <string>

namespace troupe::models {

namespace {

using std::chrono::milliseconds;
constexpr double kLongestMs =
    7 * 24 * 3600 * 1000.0;  // beyond a week it is a mistake, and would overflow sums

std::optional<double> number(std::string_view text) {
  double value = 0;
  auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || rest != text.data() + text.size() || !(value >= 0)) return std::nullopt;
  return value;
}

milliseconds bounded(double ms) {
  return milliseconds(static_cast<long long>(std::min(ms, kLongestMs)));
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "try again in 1m30.5s", "retry in 20ms", "again in 3 seconds"
std::optional<milliseconds> said(std::string_view message) {
  std::string low = lower(message);
  std::size_t at = std::string::npos;
  for (std::string_view phrase : {"again in ", "retry in ", "retry after "})
    if (std::size_t found = low.find(phrase); found != std::string::npos && at == std::string::npos)
      at = found + phrase.size();
  if (at == std::string::npos) return std::nullopt;
  double total = 0;
  bool any = false;
  while (at < low.size() && std::isdigit(static_cast<unsigned char>(low[at]))) {
    double value = 0;
    auto [rest, problem] = std::from_chars(low.data() + at, low.data() + low.size(), value);
    if (problem != std::errc()) break;
    at = static_cast<std::size_t>(rest - low.data());
    while (at < low.size() && low[at] == ' ') ++at;
    std::size_t end = at;
    while (end < low.size() && std::isalpha(static_cast<unsigned char>(low[end]))) ++end;
    std::string unit = low.substr(at, end - at);
    double factor = unit == "ms" || unit.starts_with("milli") ? 1
                    : unit == "s" || unit.starts_with("sec")  ? 1000
                    : unit == "m" || unit.starts_with("min")  ? 60'000
                    : unit == "h" || unit.starts_with("hour") ? 3'600'000
                                                              : 0;
    if (factor == 0) break;
    total += value * factor;
    any = true;
    at = end;
  }
  return any ? std::optional(bounded(total)) : std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                            "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  // Fixed widths: "Sun, 06 Nov 1994 08:49:37 GMT"
  if (text.size() != 29 || !text.ends_with(" GMT") || text[3] != ',' || text[16] != ' ' || text[19] != ':' ||
      text[22] != ':')
    return std::nullopt;
  auto digits = [&](std::size_t at, std::size_t count) {
    int value = 0;
    auto [rest, problem] = std::from_chars(text.data() + at, text.data() + at + count, value);
    return problem == std::errc() && rest == text.data() + at + count ? value : -1;
  };
  auto month = std::ranges::find(kMonths, text.substr(8, 3));
  int day = digits(5, 2), year = digits(12, 4), hour = digits(17, 2), minute = digits(20, 2),
      second = digits(23, 2);
  if (month == kMonths.end() || day < 1 || day > 31 || year < 1970 || hour < 0 || hour > 23 || minute < 0 ||
      minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  std::tm time{};
  time.tm_year = year - 1900;
  time.tm_mon = static_cast<int>(month - kMonths.begin());
  time.tm_mday = day;
  time.tm_hour = hour;
  time.tm_min = minute;
  time.tm_sec = second;
  return static_cast<std::int64_t>(timegm(&time)) * 1000;
}

std::optional<milliseconds> retry_after(const net::HttpHead& head, std::string_view message,
                                        std::int64_t wall_ms) {
  if (auto ms = number(trimmed(head.header("retry-after-ms")))) return bounded(*ms);
  std::string_view after = trimmed(head.header("retry-after"));
  if (auto seconds = number(after)) return bounded(*seconds * 1000);
  if (auto date = parse_http_date(after))
    return bounded(static_cast<double>(std::max<std::int64_t>(0, *date - wall_ms)));
  return said(message);
}

}  // namespace troupe::models
