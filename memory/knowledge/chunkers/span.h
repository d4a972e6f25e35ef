#pragma once

#include "models/builtin/utf8.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace troupe::memory::chunkers {

/// The bytes [begin, end) of a text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;

  std::size_t size() const { return end - begin; }
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
  bool operator==(const Span&) const = default;
};

/// The last place up to `at` where a character of `text` (UTF-8) begins or the text ends.
inline std::size_t character_floor(std::string_view text, std::size_t at) {
  return models::builtin::clip(text, at).size();
}

/// The code point at `at`, which is moved behind it; negative where the bytes are no UTF-8. `at` is in
/// `text`.
std::int32_t next_code_point(std::string_view text, std::size_t& at);

/// `span` without the blanks at its ends: characters of White_Space, unless a combining character stands on
/// one. Of blanks alone nothing is left.
Span trimmed(std::string_view text, Span span);

/// Where the first character of `span` is that is no blank; its end where there is none.
std::size_t skip_blanks(std::string_view text, Span span);

}  // namespace troupe::memory::chunkers
