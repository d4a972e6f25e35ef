#include "memory/knowledge/loaders/utf8.h"

namespace troupe::memory::loaders {

Character character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0u) == 0x80u; };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xC2) return {};
  if (first < 0xE0) return follows(1) ? Character{(first & 0x1F) << 6 | (byte(1) & 0x3F), 2} : Character{};
  if (first < 0xF0) {
    if (!follows(1) || !follows(2)) return {};
    const char32_t value = (first & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    if (value < 0x800 || (value >= 0xD800 && value <= 0xDFFF)) return {};
    return {value, 3};
  }
  if (first > 0xF4 || !follows(1) || !follows(2) || !follows(3)) return {};
  const char32_t value =
      (first & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  if (value < 0x10000 || value > 0x10FFFF) return {};
  return {value, 4};
}

std::size_t plain_run(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size()) {
    const auto c = static_cast<unsigned char>(text[end]);
    if (c - 0x20u >= 0x5Fu && c != '\n' && c != '\t') break;
    ++end;
  }
  return end - at;
}

}  // namespace troupe::memory::loaders
