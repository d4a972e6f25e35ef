#include "tools/observation.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::tools {

namespace {

// The last place at or before `at` where no character is cut in two.
std::size_t boundary(std::string_view text, std::size_t at) {
  at = std::min(at, text.size());
  if (at == text.size()) return at;
  std::size_t back = 0;
  while (at > 0 && back < 3 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) {
    --at;
    ++back;
  }
  return at;
}

}  // namespace

std::string_view beginning(std::string_view text, std::size_t bytes_max) {
  return text.substr(0, boundary(text, bytes_max));
}

Clipped clip(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return {std::move(text), false};
  const std::string note =
      fmt::format("\n[cut here: {} bytes in all; ask for a smaller part to see the rest]", text.size());
  if (note.size() >= bytes_max) {
    text.resize(boundary(text, bytes_max));
    return {std::move(text), true};
  }
  text.resize(boundary(text, bytes_max - note.size()));
  return {text + note, true};
}

}  // namespace troupe::tools
