#include "runtime/base/utf8.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;

namespace {

// A code point as RFC 3629, section 3, lays it out; also those that it forbids.
std::string written(unsigned value) {
  const auto byte = [](unsigned bits) { return static_cast<char>(bits); };
  if (value < 0x80) return {byte(value)};
  if (value < 0x800) return {byte(0xC0 | value >> 6), byte(0x80 | (value & 0x3F))};
  if (value < 0x10000)
    return {byte(0xE0 | value >> 12), byte(0x80 | (value >> 6 & 0x3F)), byte(0x80 | (value & 0x3F))};
  return {byte(0xF0 | value >> 18), byte(0x80 | (value >> 12 & 0x3F)), byte(0x80 | (value >> 6 & 0x3F)),
          byte(0x80 | (value & 0x3F))};
}

}  // namespace

TEST_CASE("every code point is one character, surrogates and what lies beyond are none") {
  std::size_t wrong = 0;
  for (unsigned value = 0; value < 0x120000; ++value) {
    const std::string text = written(value);
    const bool none = (value >= 0xD800 && value <= 0xDFFF) || value > 0x10FFFF;
    wrong += utf8_character(text, 0) != (none ? 0 : text.size());
    wrong += utf8_character(text + "x", 0) != (none ? 0 : text.size());
    if (text.size() > 1) wrong += utf8_character(std::string_view(text).substr(0, text.size() - 1), 0) != 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("overlong forms, lone bytes and nothing are no character") {
  for (std::string_view text :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF",
        "\x80", "\xBF", "\xF5\x80\x80\x80", "\xFE", "\xFF", "\xC3(", "\xE2\x82(", "\xF0\x9F\x98("})
    CHECK(utf8_character(text, 0) == 0);
  CHECK(utf8_character("", 0) == 0);
  CHECK(utf8_character(std::string_view("\0", 1), 0) == 1);
  static_assert(utf8_character("a\xEA\xB0\x80", 1) == 3);
  CHECK(utf8_character("ab", 2) == 0);
}
