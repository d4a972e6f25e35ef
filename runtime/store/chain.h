#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::store {

/// CRC-32C (Castagnoli) of `bytes`, going on from `crc`. Any thread.
std::uint32_t crc32c(std::uint32_t crc, std::string_view bytes);

/// The checksum of a journal row: over the checksum of the row before it in its stream (0 for the first), its
/// number, step, type and body. A changed, lost, doubled or swapped row breaks every link after it. It finds
/// accidents, not forgery: who can write the file can also compute it. Cost: 0.2 µs for a row of 300 bytes.
std::uint32_t link(std::uint32_t before, std::int64_t n, std::int64_t step, std::string_view type,
                   std::string_view body);

}  // namespace troupe::store
