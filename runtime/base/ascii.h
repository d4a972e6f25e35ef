#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace troupe {

/// The letter A to Z as a to z; anything else as it is, whatever the locale.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The same for each byte: bytes of longer characters stay.
inline std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

/// Whether both are the same but for the case of letters, as names of headers and schemes are compared.
inline bool same_but_case(std::string_view a, std::string_view b) {
  constexpr auto kLower = [](char c) { return lower(c); };
  return std::ranges::equal(a, b, {}, kLower, kLower);
}

}  // namespace troupe
