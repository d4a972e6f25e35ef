#include "runtime/store/chain.h"

#include <array>
#include <cstring>

namespace troupe::store {

namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Eight tables, so that eight bytes are folded at once: table k is the effect of a byte that k more bytes
// follow.
constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0u);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < tables.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes) {
  crc = ~crc;
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    for (int i = 7; i >= 0; --i) word = (word << 8) | static_cast<unsigned char>(at[i]);  // little end first
    word ^= crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= kTables[7 - i][(word >> (8 * i)) & 0xff];
  }
  for (; left > 0; --left, ++at)
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(*at)) & 0xff];
  return ~crc;
}

std::uint32_t link(std::uint32_t before, std::int64_t n, std::int64_t step, std::string_view type,
                   std::string_view body) {
  char head[16];
  for (int i = 0; i < 8; ++i) {
    head[i] = static_cast<char>(n >> (8 * i));
    head[8 + i] = static_cast<char>(step >> (8 * i));
  }
  std::uint32_t crc = crc32c(before, std::string_view(head, sizeof head));
  crc = crc32c(crc, type);
  crc = crc32c(crc, std::string_view("\0", 1));
  return crc32c(crc, body);
}

}  // namespace troupe::store
