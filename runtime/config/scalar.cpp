#include "runtime/config/scalar.h"

#include "runtime/base/ascii.h"
#include "runtime/config/text_check.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include <fmt/format.h>

namespace troupe::config {

namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), digit);
}

std::unexpected<std::string> wrong(std::string_view expected, const Scalar& scalar,
                                   std::string_view hint = "") {
  std::string text = fmt::format("expected {}, got {}", expected, scalar.shown());
  if (!hint.empty()) text += fmt::format("; {}", hint);
  return std::unexpected(std::move(text));
}

std::unexpected<std::string> quoted(std::string_view expected, const Scalar& scalar) {
  return wrong(expected, scalar, "write it without quotes");
}

template <class I>
std::optional<I> decimal(std::string_view text) {
  I value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string_view unsigned_part(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  return text;
}

// Why something that looks like a number is not one here.
std::string integer_hint(std::string_view text) {
  std::string_view body = unsigned_part(text);
  if (text.starts_with('+')) return "write it without `+`";
  if (body.starts_with("0x") || body.starts_with("0X") || body.starts_with("0o") || body.starts_with("0b"))
    return "only decimal numbers are read";
  if (body.size() > 1 && body[0] == '0' && digits(body))
    return "a leading 0 means octal to some readers; write it without";
  if (body.find('_') != std::string_view::npos || body.find(',') != std::string_view::npos)
    return "write it without separators";
  if (body.find('.') != std::string_view::npos) return "it has no fraction";
  if (body.find('e') != std::string_view::npos && digit(body[0])) return "write all its digits";
  if (digits(body)) return "it is too large";
  return "";
}

// A whole number with a unit, both parts still text.
struct Quantity {
  std::string_view amount;
  std::string_view unit;
};

Quantity split(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && digit(text[end])) ++end;
  return {text.substr(0, end), text.substr(end)};
}

struct Unit {
  std::string_view word;
  std::int64_t factor;
};

constexpr Unit kTimes[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
constexpr std::size_t kTimesShown = 4;
constexpr Unit kSizes[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

std::expected<std::int64_t, std::string> parse_quantity(const Scalar& scalar, std::span<const Unit> units,
                                                        std::string_view expected, const std::string& hint) {
  Quantity quantity = split(scalar.text);
  auto amount = decimal<std::int64_t>(quantity.amount);
  auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.word == quantity.unit; });
  if (unit == units.end()) return wrong(expected, scalar, hint);
  if (!digits(quantity.amount)) return wrong(expected, scalar, hint);
  if (quantity.amount.size() > 1 && quantity.amount[0] == '0')
    return wrong(expected, scalar, "write it without leading zeros");
  if (!amount || *amount > std::numeric_limits<std::int64_t>::max() / unit->factor)
    return wrong(expected, scalar, "it is too large");
  return *amount * unit->factor;
}

std::string duration_hint(std::string_view text) {
  auto [amount, unit] = split(text);
  std::string word = lower(unit);
  if (amount.empty()) return "";
  if (word.empty()) return fmt::format("it needs a unit: `{}s` or `{}ms`", amount, amount);
  if (word.starts_with('.')) return "write a whole number of a smaller unit, as `1500ms`";
  if (word == "sec" || word == "secs" || word == "second" || word == "seconds" || word == "s")
    return fmt::format("write `{}s`", amount);
  if (word == "min" || word == "mins" || word == "minute" || word == "minutes")
    return fmt::format("write `{}m`", amount);
  if (word == "hr" || word == "hour" || word == "hours" || word == "h")
    return fmt::format("write `{}h`", amount);
  if (word == "msec" || word == "millis" || word == "ms") return fmt::format("write `{}ms`", amount);
  if (word == "day" || word == "days" || word == "d") return fmt::format("write `{}d`", amount);
  if (word == "w" || word == "week" || word == "weeks" || word == "y" || word == "year" || word == "years")
    return "the largest unit is `d`";
  if (digit(unit.back()) || std::any_of(unit.begin(), unit.end(), digit))
    return "one unit only: `90s` rather than `1m30s`";
  return "units are `ms`, `s`, `m`, `h` and `d`";
}

std::string bytes_hint(std::string_view text) {
  auto [amount, unit] = split(text);
  std::string word = lower(unit);
  if (amount.empty()) return "";
  if (word.empty()) return fmt::format("it needs a unit: `{}B` or `{}KiB`", amount, amount);
  if (word.starts_with('.')) return "write a whole number of a smaller unit, as `1536KiB`";
  if (word == "k" || word == "kb" || word == "kib" || word == "ki")
    return fmt::format("write `{}KiB` (1024 bytes each)", amount);
  if (word == "m" || word == "mb" || word == "mib" || word == "mi")
    return fmt::format("write `{}MiB`", amount);
  if (word == "g" || word == "gb" || word == "gib" || word == "gi")
    return fmt::format("write `{}GiB`", amount);
  if (word == "b" || word == "byte" || word == "bytes") return fmt::format("write `{}B`", amount);
  return "units are `B`, `KiB`, `MiB` and `GiB`";
}

// What YAML 1.2's core schema (10.3.2) makes of a plain scalar that is not text.
std::string_view other_type(std::string_view text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return "null";
  std::string word = lower(text);
  if (word == "true" || word == "false") return "a bool";
  std::string_view body = unsigned_part(text);
  if (digits(body) ||
      ((body.starts_with("0x") || body.starts_with("0o")) && body.size() > 2 &&
       std::all_of(body.begin() + 2, body.end(), [](unsigned char c) { return std::isxdigit(c) != 0; })))
    return "a number";
  if (word == ".nan" || lower(body) == ".inf") return "a number";
  double ignored;
  auto [end, error] = std::from_chars(body.data(), body.data() + body.size(), ignored);
  bool number = end == body.data() + body.size() && error != std::errc::invalid_argument &&
                (digit(body[0]) || body[0] == '.');
  return number ? "a number" : "";
}

std::string shortest(std::int64_t value, std::span<const Unit> units) {
  for (std::size_t i = units.size(); i-- > 0;)
    if (value != 0 && value % units[i].factor == 0)
      return fmt::format("{}{}", value / units[i].factor, units[i].word);
  return fmt::format("{}{}", value, units[0].word);
}

}  // namespace

std::string Scalar::shown() const {
  if (secret && !bare) return "this value";
  if (interpolated) return fmt::format("the value of `{}`", clip(source));
  return fmt::format("`{}`", clip(text));
}

std::expected<bool, std::string> parse_bool(const Scalar& scalar) {
  constexpr std::string_view kExpected = "`true` or `false`";
  std::string word = lower(scalar.text);
  bool yes = word == "yes" || word == "on" || word == "y" || word == "true" || word == "1";
  bool no = word == "no" || word == "off" || word == "n" || word == "false" || word == "0";
  if (scalar.plain && scalar.text == "true") return true;
  if (scalar.plain && scalar.text == "false") return false;
  if (!scalar.plain && (word == "true" || word == "false")) return quoted(kExpected, scalar);
  if (yes) return wrong(kExpected, scalar, "write `true`");
  if (no) return wrong(kExpected, scalar, "write `false`");
  return wrong(kExpected, scalar);
}

std::expected<std::int64_t, std::string> parse_integer(const Scalar& scalar) {
  constexpr std::string_view kExpected = "a whole number";
  std::string_view body = scalar.text;
  if (body.starts_with('-')) body.remove_prefix(1);
  bool well_formed = digits(body) && (body.size() == 1 || body[0] != '0');
  auto value = decimal<std::int64_t>(scalar.text);
  if (!well_formed || !value) return wrong(kExpected, scalar, integer_hint(scalar.text));
  if (!scalar.plain) return quoted(kExpected, scalar);
  return *value;
}

std::expected<double, std::string> parse_number(const Scalar& scalar) {
  constexpr std::string_view kExpected = "a number";
  std::string_view body = scalar.text;
  if (body.starts_with('-')) body.remove_prefix(1);
  bool starts = !body.empty() && digit(body[0]);
  bool leading_zero = body.size() > 1 && body[0] == '0' && digit(body[1]);
  auto value = decimal<double>(scalar.text);
  if (leading_zero) return wrong(kExpected, scalar, "write it without leading zeros");
  if (!starts || !value || !std::isfinite(*value)) {
    if (body.find(',') != std::string_view::npos)
      return wrong(kExpected, scalar, "the decimal sign is a point");
    if (body.starts_with('.')) return wrong(kExpected, scalar, "write a digit before the point");
    return wrong(kExpected, scalar);
  }
  if (!scalar.plain) return quoted(kExpected, scalar);
  return *value;
}

std::expected<std::chrono::milliseconds, std::string> parse_duration(const Scalar& scalar) {
  auto value = parse_quantity(scalar, kTimes, "a duration such as `30s`", duration_hint(scalar.text));
  if (!value) return std::unexpected(value.error());
  return std::chrono::milliseconds(*value);
}

std::expected<std::size_t, std::string> parse_bytes(const Scalar& scalar) {
  auto value = parse_quantity(scalar, kSizes, "a size such as `64KiB`", bytes_hint(scalar.text));
  if (!value) return std::unexpected(value.error());
  return static_cast<std::size_t>(*value);
}

std::expected<std::string, std::string> parse_text(const Scalar& scalar) {
  if (scalar.text.find('\0') != std::string::npos) return std::unexpected("contains a NUL character");
  std::string_view other = scalar.plain && !scalar.interpolated ? other_type(scalar.text) : "";
  if (other.empty()) return scalar.text;
  if (scalar.secret) return std::unexpected(fmt::format("expected text, got {}; put it in quotes", other));
  return std::unexpected(
      fmt::format("expected text, got {0} `{1}`; put it in quotes: \"{1}\"", other, clip(scalar.text)));
}

std::string show_duration(std::chrono::milliseconds duration) {
  return duration.count() == 0 ? "0s" : shortest(duration.count(), std::span(kTimes).first(kTimesShown));
}

std::string show_bytes(std::size_t bytes) {
  return shortest(static_cast<std::int64_t>(bytes), kSizes);
}

}  // namespace troupe::config
