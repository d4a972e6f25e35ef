#pragma once

#include <cstddef>
#include <string_view>

namespace troupe {

/// Bytes of the character that begins at `at`, 1 to 4; 0 when no well-formed one does (RFC 3629: no overlong
/// forms, no surrogates, nothing past U+10FFFF), or the text ends there. Inlined always: it is asked for each
/// character of what is written and read, and a call for each costs more than half of their speed.
[[gnu::always_inline]] constexpr std::size_t utf8_character(std::string_view text, std::size_t at) {
  const std::size_t left = text.size() - at;
  const auto byte = [&](std::size_t i) -> unsigned {
    return i < left ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return left == 0 ? 0 : 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool fits = first == 0xE0 ? byte(1) >= 0xA0 : first == 0xED ? byte(1) < 0xA0 : true;
    return fits && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool fits = first == 0xF0 ? byte(1) >= 0x90 : first == 0xF4 ? byte(1) < 0x90 : true;
    return fits && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace troupe
