#include "tools/builtin/clock/time_zone.h"

#include "runtime/base/suggest.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

constexpr std::size_t kFileBytes = 256u << 10;
constexpr int kDay = 86'400;

using std::chrono::days;
using std::chrono::sys_days;

std::int64_t big_endian(std::string_view bytes, std::size_t at, int size) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i)
    value = (value << 8) | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return size == 4 ? static_cast<std::int32_t>(value) : static_cast<std::int64_t>(value);
}

/// The counts in a TZif header, in the order of the file.
struct Header {
  std::size_t is_ut, is_std, leaps, times, types, chars;
  std::size_t body(std::size_t time_size) const {
    return times * time_size + times + types * 6 + chars + leaps * (time_size + 4) + is_std + is_ut;
  }
};

constexpr std::size_t kHeaderBytes = 44;

bool read_header(std::string_view bytes, std::size_t at, Header& header) {
  if (bytes.size() < at + kHeaderBytes || bytes.substr(at, 4) != "TZif") return false;
  std::size_t* fields[] = {&header.is_ut, &header.is_std, &header.leaps,
                           &header.times, &header.types,  &header.chars};
  for (std::size_t i = 0; i < 6; ++i) {
    const auto value = static_cast<std::uint32_t>(big_endian(bytes, at + 20 + 4 * i, 4));
    if (value > kFileBytes) return false;
    *fields[i] = value;
  }
  return true;
}

// Only names that can be zones reach the file system: no "..", no absolute path.
bool plausible(const std::string& name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.find("..") != std::string::npos)
    return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) || c == '/' || c == '_' || c == '-' || c == '+';
  });
}

// The zones of zone1970.tab: "codes<tab>coordinates<tab>name[<tab>comment]".
std::vector<std::string> known_zones(const std::string& folder) {
  std::vector<std::string> names{"UTC"};
  std::ifstream table(folder + "/zone1970.tab");
  for (std::string line; std::getline(table, line) && names.size() < 2'000;) {
    const auto first = line.find('\t'), second = line.find('\t', first + 1);
    if (line.starts_with("#") || second == std::string::npos) continue;
    names.push_back(line.substr(second + 1, line.find('\t', second + 1) - second - 1));
  }
  return names;
}

// "Seoul" means Asia/Seoul; a slip is told by did_you_mean.
std::string suggestion(const std::string& name, const std::string& folder) {
  const auto names = known_zones(folder);
  for (const std::string& known : names) {
    const auto slash = known.rfind('/');
    if (slash == std::string::npos || known.size() - slash - 1 != name.size()) continue;
    const bool same = std::equal(name.begin(), name.end(),
                                 known.begin() + static_cast<std::ptrdiff_t>(slash + 1), [](char a, char b) {
                                   return std::tolower(static_cast<unsigned char>(a == ' ' ? '_' : a)) ==
                                          std::tolower(static_cast<unsigned char>(b));
                                 });
    if (same) return fmt::format("; did you mean `{}`?", known);
  }
  return did_you_mean(name, names);
}

}  // namespace

Result<TimeZone> TimeZone::load(const std::string& name, const std::string& folder) {
  if (name == "UTC" || name == "Etc/UTC" || name == "GMT" || name == "Z") return TimeZone();
  if (!plausible(name) || !std::filesystem::is_regular_file(folder + "/" + name)) {
    if (!std::filesystem::is_directory(folder))
      return fail(ErrorCode::unavailable,
                  fmt::format("the time zone `{}` cannot be read: this machine has no zone files "
                              "({}; the package tzdata brings them)",
                              name, folder));
    return fail(ErrorCode::not_found,
                fmt::format("there is no time zone `{}`{} Use an IANA name such as Asia/Seoul or UTC.", name,
                            suggestion(name, folder).empty() ? "." : suggestion(name, folder)));
  }
  std::ifstream file(folder + "/" + name, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return parse(name, bytes);
}

Result<TimeZone> TimeZone::parse(std::string name, std::string_view bytes) {
  const auto damaged = [&](const char* why) {
    return fail(ErrorCode::protocol, fmt::format("the file of time zone `{}` is damaged: {}", name, why));
  };
  Header header{};
  if (bytes.size() > kFileBytes || !read_header(bytes, 0, header)) return damaged("no TZif header");
  std::size_t at = kHeaderBytes, time_size = 4;
  if (bytes[4] >=
      '2') {  // the first block has 32-bit times for old readers; the second is the one that counts
    at += header.body(4);
    if (!read_header(bytes, at, header)) return damaged("no second header");
    at += kHeaderBytes;
    time_size = 8;
  }
  if (bytes.size() < at + header.body(time_size) || header.types == 0) return damaged("it ends early");

  TimeZone zone;
  zone.name_ = name;
  for (std::size_t i = 0; i < header.times; ++i)
    zone.transitions_.push_back(big_endian(bytes, at + i * time_size, static_cast<int>(time_size)));
  at += header.times * time_size;
  for (std::size_t i = 0; i < header.times; ++i) {
    zone.kinds_.push_back(static_cast<std::uint8_t>(bytes[at + i]));
    if (zone.kinds_.back() >= header.types) return damaged("a transition to nowhere");
  }
  at += header.times;
  const std::string_view names = bytes.substr(at + header.types * 6, header.chars);
  for (std::size_t i = 0; i < header.types; ++i) {
    const std::size_t entry = at + i * 6;
    const auto index = static_cast<unsigned char>(bytes[entry + 5]);
    if (index >= names.size()) return damaged("a name out of its table");
    std::string_view abbreviation = names.substr(index);
    abbreviation = abbreviation.substr(0, abbreviation.find('\0'));
    const auto seconds = big_endian(bytes, entry, 4);
    if (seconds <= -2 * kDay || seconds >= 2 * kDay) return damaged("an offset beyond a day");
    zone.offsets_.push_back({static_cast<int>(seconds), std::string(abbreviation), bytes[entry + 4] != 0});
  }
  at += header.types * 6 + header.chars + header.leaps * (time_size + 4) + header.is_std + header.is_ut;
  if (time_size == 8 && at < bytes.size() && bytes[at] == '\n') {
    const auto end = bytes.find('\n', at + 1);
    if (end != std::string_view::npos)
      zone.has_rule_ = parse_rule(bytes.substr(at + 1, end - at - 1), zone.rule_);
  }
  return zone;
}

namespace {

/// Reads a POSIX TZ string from the left; every function is false when what it wants is not there.
struct RuleReader {
  std::string_view rest;

  bool accept(char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool name(std::string& out) {
    const bool quoted = accept('<');
    while (!rest.empty() &&
           (quoted ? rest[0] != '>' : std::isalpha(static_cast<unsigned char>(rest[0])) != 0)) {
      out += rest[0];
      rest.remove_prefix(1);
    }
    return (!quoted || accept('>')) && out.size() >= 3 && out.size() < 16;
  }
  bool number(int& out) {
    std::size_t digits = 0;
    out = 0;
    for (; digits < 4 && digits < rest.size() && std::isdigit(static_cast<unsigned char>(rest[digits]));
         ++digits)
      out = out * 10 + (rest[digits] - '0');
    rest.remove_prefix(digits);
    return digits > 0;
  }
  // [+-]hh[:mm[:ss]]
  bool time(int& seconds) {
    const int sign = accept('-') ? -1 : (accept('+'), 1);
    int hours = 0, minutes = 0, rest_seconds = 0;
    if (!number(hours) || hours > 167) return false;
    if (accept(':') && !number(minutes)) return false;
    if (accept(':') && !number(rest_seconds)) return false;
    seconds = sign * (hours * 3600 + minutes * 60 + rest_seconds);
    return true;
  }
};

}  // namespace

bool TimeZone::parse_rule(std::string_view text, Rule& rule) {
  RuleReader reader{text};
  int west = 0;  // POSIX counts westward
  if (!reader.name(rule.standard.abbreviation) || !reader.time(west)) return false;
  rule.standard.seconds = -west;
  if (reader.rest.empty()) return true;
  if (!reader.name(rule.summer.abbreviation)) return false;
  rule.summer.seconds = rule.standard.seconds + 3600;
  rule.summer.daylight = true;
  if (!reader.rest.empty() && reader.rest[0] != ',') {
    if (!reader.time(west)) return false;
    rule.summer.seconds = -west;
  }
  for (Rule::Change* change : {&rule.to_summer, &rule.to_standard}) {
    if (!reader.accept(',')) return false;
    if (reader.accept('M')) {
      change->kind = 'M';
      if (!reader.number(change->month) || !reader.accept('.') || !reader.number(change->week) ||
          !reader.accept('.') || !reader.number(change->day) || change->month < 1 || change->month > 12 ||
          change->week < 1 || change->week > 5 || change->day > 6)
        return false;
    } else {
      change->kind = reader.accept('J') ? 'J' : 'N';
      if (!reader.number(change->day) || change->day > 365) return false;
    }
    if (reader.accept('/') && !reader.time(change->time)) return false;
  }
  rule.has_summer = reader.rest.empty();
  return rule.has_summer;
}

TimeZone::Offset TimeZone::by_rule(std::int64_t utc) const {
  if (!rule_.has_summer) return rule_.standard;
  using namespace std::chrono;
  // In local standard time the year is the one the rule speaks of, but for hours around New Year, when no
  // zone changes.
  const auto local = sys_seconds(seconds(utc + rule_.standard.seconds));
  const year this_year = year_month_day(floor<days>(local)).year();
  const auto moment = [&](const Rule::Change& change, int offset) -> std::int64_t {
    sys_days date = sys_days(this_year / January / 1);
    if (change.kind == 'M') {
      const month m{static_cast<unsigned>(change.month)};
      const weekday day{static_cast<unsigned>(change.day)};
      date = change.week == 5 ? sys_days(this_year / m / day[last])
                              : sys_days(this_year / m / day[static_cast<unsigned>(change.week)]);
    } else {
      const bool after_february = change.kind == 'J' && this_year.is_leap() && change.day >= 60;
      date += days(change.kind == 'J' ? change.day - 1 + (after_february ? 1 : 0) : change.day);
    }
    return date.time_since_epoch().count() * std::int64_t{kDay} + change.time - offset;
  };
  const std::int64_t start = moment(rule_.to_summer, rule_.standard.seconds);
  const std::int64_t end = moment(rule_.to_standard, rule_.summer.seconds);
  // South of the equator summer spans New Year.
  const bool summer = start < end ? utc >= start && utc < end : utc >= start || utc < end;
  return summer ? rule_.summer : rule_.standard;
}

TimeZone::Offset TimeZone::at(std::int64_t utc) const {
  if (transitions_.empty()) {
    if (has_rule_) return by_rule(utc);
    return offsets_.empty() ? Offset{0, "UTC", false} : offsets_.front();
  }
  const auto next = std::upper_bound(transitions_.begin(), transitions_.end(), utc);
  if (next == transitions_.begin()) {
    const auto standard =
        std::find_if(offsets_.begin(), offsets_.end(), [](const Offset& o) { return !o.daylight; });
    return standard == offsets_.end() ? offsets_.front() : *standard;
  }
  if (next == transitions_.end() && has_rule_) return by_rule(utc);
  return offsets_[kinds_[static_cast<std::size_t>(next - transitions_.begin()) - 1]];
}

std::int64_t TimeZone::to_utc(std::int64_t local) const {
  const int before = at(local - kDay).seconds, after = at(local + kDay).seconds;
  const std::int64_t early = local - std::max(before, after), late = local - std::min(before, after);
  if (at(early).seconds == local - early) return early;
  if (at(late).seconds == local - late) return late;
  return local - before;  // in the gap: as if the clock had not been set forward
}

}  // namespace troupe::tools
