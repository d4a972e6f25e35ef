#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace troupe::memory::chunkers {

enum class IcuBreak : std::uint8_t { sentence, word, line, character };

/// Appends where ICU breaks `slice`, ascending; the last is its end. A slice of none has none. An iterator is
/// made when a thread first needs it, which takes a tenth of a millisecond, and kept as long as the thread.
/// Throws std::runtime_error where ICU has no data.
void find_icu_breaks(IcuBreak kind, std::string_view slice, std::vector<std::size_t>& ends);

}  // namespace troupe::memory::chunkers
