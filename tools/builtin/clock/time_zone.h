#pragma once

#include "runtime/base/result.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// A time zone of the IANA database as the system has it (TZif files, RFC 8536). Immutable after loading.
class TimeZone {
 public:
  struct Offset {
    int seconds = 0;           ///< east of UTC
    std::string abbreviation;  ///< "KST"
    bool daylight = false;
  };

  /// "UTC" needs no files. Errors: not_found (no such zone, with a suggestion), unavailable (no zone files on
  /// this machine), protocol (a damaged file). Reads one small file; loop thread or any other.
  static Result<TimeZone> load(const std::string& name, const std::string& folder = "/usr/share/zoneinfo");
  /// The content of a TZif file. Pure.
  static Result<TimeZone> parse(std::string name, std::string_view bytes);

  const std::string& name() const { return name_; }
  /// What applies at a moment, in seconds since the Unix epoch.
  Offset at(std::int64_t utc) const;
  /// The moment a wall clock there shows `local` (seconds as if it were UTC). Where the clock is set back the
  /// earlier of both; where it is set forward, the moment that much later.
  std::int64_t to_utc(std::int64_t local) const;

 private:
  /// The rule for times after the last transition: "CET-1CEST,M3.5.0,M10.5.0/3".
  struct Rule {
    struct Change {
      char kind = 'M';  ///< M: month.week.day, J: 1…365 without leap days, N: 0…365
      int month = 0, week = 0, day = 0;
      int time = 7200;
    };
    Offset standard, summer;
    bool has_summer = false;
    Change to_summer, to_standard;
  };
  static bool parse_rule(std::string_view text, Rule& rule);
  Offset by_rule(std::int64_t utc) const;

  std::string name_ = "UTC";
  std::vector<std::int64_t> transitions_;
  std::vector<std::uint8_t> kinds_;  // by transition, into offsets_
  std::vector<Offset> offsets_;
  bool has_rule_ = false;
  Rule rule_;
};

}  // namespace troupe::tools
