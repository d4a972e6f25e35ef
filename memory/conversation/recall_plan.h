#pragma once

#include "memory/conversation/recollection.h"
#include "memory/conversation/settings.h"

#include <cstddef>
#include <cstdint>
#include <span>

namespace troupe::memory {

/// How much is recalled at most. Sizes are in the ruler's unit.
struct RecallBounds {
  std::size_t turns = kRecallTurns;
  std::int64_t size = static_cast<std::int64_t>(kRecallBytes);
  std::int64_t notes = 0;  ///< of `size`, for the message of the notes; 0: there are none
  bool operator==(const RecallBounds&) const = default;
};

/// The bounds of a memory by its settings, and whether they are in tokens or in bytes.
RecallBounds bounds_of(const MemorySettings& settings);
bool counts_tokens(const MemorySettings& settings);
/// Whether a model writes its notes.
bool summarises(const MemorySettings& settings);

/// The notes, and the newest turns that fit. The newest turn is always there: where it is too large it is
/// shortened, and leaves a quarter of the room to those before it. An older one that takes up most of the
/// room by itself is shortened, too, where enough is left; else the first that does not fit ends it, with all
/// before it. What is recalled is never larger than the bounds. Pure.
Recollection recall_last(const Remembered& remembered, const RecallBounds& bounds, const Ruler& ruler);

/// The turns at `places` (the best first) as far as they fit, and the newest `last` before any of them, all
/// in their order. Pure.
Recollection recall_places(const Remembered& remembered, std::span<const std::size_t> places,
                           std::size_t last, const RecallBounds& bounds, const Ruler& ruler);

/// The notes where they are `shown`, and the turns at `places` (the best first, each once) as far as they fit
/// beside them, all in their order. The best is always there, shortened where it is too large, and leaves a
/// quarter of the room to the others; of these one that takes up most of the room by itself is shortened,
/// too, where enough is left. Pure.
Recollection recall_chosen(const Remembered& remembered, std::span<const std::size_t> places, bool shown,
                           const RecallBounds& bounds, const Ruler& ruler);

}  // namespace troupe::memory
