#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace troupe::config {

/// A scalar on its way to a field: interpolated, not yet typed.
struct Scalar {
  std::string text;
  std::string source;  ///< as written; equal to `text` unless interpolated
  bool plain = true;   ///< unquoted, or one whole `${…}`: may be a number or a bool
  bool interpolated = false;
  bool secret = false;
  bool bare = false;  ///< one `${NAME}` or `${file:PATH}`: shows nothing of its value

  /// For messages: "`text`", or for what must not be shown "the value of `${X}`" or "this value".
  std::string shown() const;
};

/// Each reads one kind of scalar strictly, or says what is wrong and, where the mistake is a known one, what
/// to write instead ("expected a whole number, got `010`: …"). No locale, no octal, no hex, no yes/no.
std::expected<bool, std::string> parse_bool(const Scalar& scalar);
std::expected<std::int64_t, std::string> parse_integer(const Scalar& scalar);
std::expected<double, std::string> parse_number(const Scalar& scalar);
/// `250ms`, `30s`, `5m`, `2h`, `90d` (of 24 hours): whole numbers with one unit.
std::expected<std::chrono::milliseconds, std::string> parse_duration(const Scalar& scalar);
/// `512B`, `64KiB`, `1MiB`, `2GiB`.
std::expected<std::size_t, std::string> parse_bytes(const Scalar& scalar);
/// Text: refused is a plain scalar that YAML readers take for a number, a bool or null, for what it would be
/// elsewhere differs from what it looks like here (`1.10`, `true`).
std::expected<std::string, std::string> parse_text(const Scalar& scalar);

/// The shortest exact form: "90s", "1500ms", "2h". Days are shown as hours: a configuration that is kept
/// bears the same hash as before there were days.
std::string show_duration(std::chrono::milliseconds duration);
/// "64KiB", "1000B".
std::string show_bytes(std::size_t bytes);

}  // namespace troupe::config
