#include "memory/knowledge/loaders/utf8.h"

#include <cstdint>
#include <unicode/utf8.h>

namespace troupe::memory::loaders {

Character character_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  UChar32 c = 0;
  U8_NEXT(reinterpret_cast<const std::uint8_t*>(text.data()), end, text.size(), c);
  if (c < 0) return {};
  return {static_cast<char32_t>(c), end - at};
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
