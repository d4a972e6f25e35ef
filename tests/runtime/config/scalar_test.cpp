#include "runtime/config/scalar.h"

#include <doctest/doctest.h>

using namespace troupe::config;
using namespace std::chrono_literals;

namespace {

Scalar plain(std::string text) {
  return Scalar{text, text};
}
Scalar quoted(std::string text) {
  return Scalar{text, text, false};
}

template <class T>
std::string said(const std::expected<T, std::string>& result) {
  return result ? "good" : result.error();
}

}  // namespace

TEST_CASE("only true and false are bools; the other spellings get a hint") {
  CHECK(parse_bool(plain("true")) == true);
  CHECK(parse_bool(plain("false")) == false);
  for (const char* yes : {"yes", "Yes", "on", "ON", "y", "True", "TRUE", "1"})
    CHECK(said(parse_bool(plain(yes))).ends_with("; write `true`"));
  for (const char* no : {"no", "No", "off", "n", "False", "0"})
    CHECK(said(parse_bool(plain(no))).ends_with("; write `false`"));
  CHECK(said(parse_bool(plain("maybe"))) == "expected `true` or `false`, got `maybe`");
  CHECK(said(parse_bool(quoted("true"))).ends_with("write it without quotes"));
}

TEST_CASE("whole numbers are decimal") {
  CHECK(parse_integer(plain("0")) == 0);
  CHECK(parse_integer(plain("-12")) == -12);
  CHECK(parse_integer(plain("9223372036854775807")) == INT64_MAX);
  CHECK(parse_integer(plain("-9223372036854775808")) == INT64_MIN);
  CHECK(said(parse_integer(plain("9223372036854775808"))).ends_with("it is too large"));
  CHECK(said(parse_integer(plain("010"))).find("octal") != std::string::npos);
  CHECK(said(parse_integer(plain("00"))).find("octal") != std::string::npos);
  CHECK(said(parse_integer(plain("0x10"))).ends_with("only decimal numbers are read"));
  CHECK(said(parse_integer(plain("0o10"))).ends_with("only decimal numbers are read"));
  CHECK(said(parse_integer(plain("1_000"))).ends_with("write it without separators"));
  CHECK(said(parse_integer(plain("1,000"))).ends_with("write it without separators"));
  CHECK(said(parse_integer(plain("+5"))).ends_with("write it without `+`"));
  CHECK(said(parse_integer(plain("1.0"))).ends_with("it has no fraction"));
  CHECK(said(parse_integer(plain("1e3"))).ends_with("write all its digits"));
  CHECK(said(parse_integer(plain("four"))) == "expected a whole number, got `four`");
  CHECK(said(parse_integer(plain(" 4"))) == "expected a whole number, got ` 4`");
  CHECK(said(parse_integer(plain(""))) == "expected a whole number, got ``");
  CHECK(said(parse_integer(plain("-"))) == "expected a whole number, got `-`");
  CHECK(said(parse_integer(quoted("4"))).ends_with("write it without quotes"));
}

TEST_CASE("numbers are finite, with a point") {
  CHECK(parse_number(plain("0.25")) == 0.25);
  CHECK(parse_number(plain("-3")) == -3);
  CHECK(parse_number(plain("1e-3")) == 0.001);
  for (const char* bad : {".nan", "nan", "inf", "-inf", ".inf", "1e999", "0x1p3", "1.2.3", "", "-", "1.5 "})
    CHECK_FALSE(parse_number(plain(bad)).has_value());
  CHECK(said(parse_number(plain("0,5"))).ends_with("the decimal sign is a point"));
  CHECK(said(parse_number(plain(".5"))).ends_with("write a digit before the point"));
  CHECK(said(parse_number(plain("00.5"))).ends_with("write it without leading zeros"));
  CHECK(said(parse_number(quoted("0.5"))).ends_with("write it without quotes"));
}

TEST_CASE("durations are a whole number and one unit") {
  CHECK(parse_duration(plain("250ms")) == 250ms);
  CHECK(parse_duration(plain("30s")) == 30s);
  CHECK(parse_duration(plain("5m")) == 5min);
  CHECK(parse_duration(quoted("2h")) == 2h);
  CHECK(parse_duration(plain("0s")) == 0s);
  CHECK(said(parse_duration(plain("30"))).ends_with("it needs a unit: `30s` or `30ms`"));
  CHECK(said(parse_duration(plain("30S"))).ends_with("write `30s`"));
  CHECK(said(parse_duration(plain("30 s"))).starts_with("expected a duration"));
  CHECK(said(parse_duration(plain("5min"))).ends_with("write `5m`"));
  CHECK(said(parse_duration(plain("1m30s"))).ends_with("`90s` rather than `1m30s`"));
  CHECK(said(parse_duration(plain("1.5s"))).find("smaller unit") != std::string::npos);
  CHECK(parse_duration(plain("90d")) == 2160h);
  CHECK(said(parse_duration(plain("2days"))).ends_with("write `2d`"));
  CHECK(said(parse_duration(plain("2D"))).ends_with("write `2d`"));
  CHECK(said(parse_duration(plain("2w"))).ends_with("the largest unit is `d`"));
  CHECK(said(parse_duration(plain("2fortnights"))).ends_with("units are `ms`, `s`, `m`, `h` and `d`"));
  CHECK(said(parse_duration(plain("106751991168d"))).ends_with("it is too large"));
  CHECK(said(parse_duration(plain("-5s"))) == "expected a duration such as `30s`, got `-5s`");
  CHECK(said(parse_duration(plain("s"))) == "expected a duration such as `30s`, got `s`");
  CHECK(said(parse_duration(plain("05s"))).ends_with("without leading zeros"));
  CHECK(said(parse_duration(plain("99999999999999999h"))).ends_with("it is too large"));
  CHECK(said(parse_duration(plain("9223372036854775807h"))).ends_with("it is too large"));
}

TEST_CASE("sizes are a whole number and a binary unit") {
  CHECK(parse_bytes(plain("512B")) == 512);
  CHECK(parse_bytes(plain("64KiB")) == 65536);
  CHECK(parse_bytes(plain("1MiB")) == 1048576);
  CHECK(parse_bytes(plain("2GiB")) == 2147483648);
  CHECK(said(parse_bytes(plain("64KB"))).ends_with("write `64KiB` (1024 bytes each)"));
  CHECK(said(parse_bytes(plain("64k"))).find("write `64KiB`") != std::string::npos);
  CHECK(said(parse_bytes(plain("1mb"))).ends_with("write `1MiB`"));
  CHECK(said(parse_bytes(plain("100"))).ends_with("it needs a unit: `100B` or `100KiB`"));
  CHECK(said(parse_bytes(plain("1.5MiB"))).find("smaller unit") != std::string::npos);
}

TEST_CASE("text is text: what other readers take for something else must be quoted") {
  for (const char* text :
       {"gpt-4o", "yes", "2024-01-01", "12:30", "1.2.3", "10.0.0.0/8", "-", "v1", "0xzz", "1e", "a b"})
    CHECK_MESSAGE(parse_text(plain(text)) == text, text);
  for (const char* number :
       {"4", "-4", "+4", "4.10", "1e3", ".5", "0x1F", "0o17", ".inf", "-.INF", ".NaN", "1e999"})
    CHECK_MESSAGE(said(parse_text(plain(number))).starts_with("expected text, got a number"), number);
  for (const char* boolean : {"true", "False", "TRUE"})
    CHECK(said(parse_text(plain(boolean))).starts_with("expected text, got a bool"));
  CHECK(parse_text(quoted("4")) == "4");
  CHECK(parse_text(quoted("")) == "");
  CHECK(parse_text(Scalar{"4", "${N}", true, true}) == "4");
  CHECK_FALSE(parse_text(quoted(std::string("a\0b", 3))).has_value());
}

TEST_CASE("what must not be shown is named by its source or not at all") {
  CHECK(plain("abc").shown() == "`abc`");
  CHECK(plain("a\nb\x1b").shown() == "`a\\x0ab\\x1b`");
  CHECK(Scalar{"abc", "${X}", true, true, false, true}.shown() == "the value of `${X}`");
  CHECK(Scalar{"abc", "${X}", true, true, true, true}.shown() == "the value of `${X}`");
  CHECK(Scalar{"abc", "${X:-abc}", true, true, true, false}.shown() == "this value");
  CHECK(Scalar{"abc", "abc", true, false, true, false}.shown() == "this value");
  CHECK(plain(std::string(100, 'x')).shown() == "`" + std::string(60, 'x') + "…`");
}

TEST_CASE("durations and sizes are shown in the form they are read in") {
  for (auto duration : {0ms, 1ms, 1500ms, 90'000ms, 120'000ms, 7'200'000ms})
    CHECK(parse_duration(plain(show_duration(duration))) == duration);
  CHECK(show_duration(90s) == "90s");
  CHECK(show_duration(*parse_duration(plain("90d"))) == "2160h");
  CHECK(show_duration(5min) == "5m");
  for (std::size_t bytes : {std::size_t{0}, std::size_t{1000}, std::size_t{65536}, std::size_t{3} << 30})
    CHECK(parse_bytes(plain(show_bytes(bytes))) == bytes);
  CHECK(show_bytes(8192) == "8KiB");
}
