#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace troupe::memory {

/// How a text that is too long is shortened: its first and its last bytes stay, and a mark between them says
/// how much is gone. Kept as numbers, so that the same text comes out again whoever counts then.
struct Cut {
  std::size_t head = 0;
  std::size_t tail = 0;
  bool operator==(const Cut&) const = default;
};

/// The shortened text. A cut that leaves nothing out, or that is not one of this text, is the whole text.
std::string shortened(std::string_view text, Cut cut);

/// The size of a text in a place.
using TextSize = std::function<std::int64_t(std::string_view)>;

/// The cut that keeps the most and whose text is no larger than `room`, between characters. The last
/// `tail_min` bytes stay whatever the room. About 20 texts are measured, none longer than `room` can need.
Cut cut_to(std::string_view text, std::size_t tail_min, const TextSize& size, std::int64_t room);

/// How many bytes of `text` are the most whole sentences or lines that are no larger than `room`; where not
/// one is, the most whole characters.
std::size_t whole_sentences(std::string_view text, const TextSize& size, std::int64_t room);

}  // namespace troupe::memory
