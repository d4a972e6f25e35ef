#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::memory::loaders {

/// A character of well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF).
struct Character {
  char32_t value = 0;
  std::size_t bytes = 0;  ///< 0: there is none here, the first byte is to be replaced
};

/// The character at `at`, which is within `text`.
Character character_at(std::string_view text, std::size_t at);

/// Bytes from `at` on that are printable ASCII, tabs or line feeds: what most of a text is, to be taken
/// whole.
std::size_t plain_run(std::string_view text, std::size_t at);

}  // namespace troupe::memory::loaders
