#pragma once

#include "memory/conversation/recall_plan.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace troupe::memory {

/// What goes into the next summary: the oldest turns that are not in the last one. Those after them stay as
/// they are.
struct Compaction {
  std::size_t turns = 0;      ///< of the remembered ones, from the first
  std::size_t kept = 0;       ///< those after them
  std::int64_t notes = 0;     ///< how large the new text may be
  std::vector<TurnCut> cuts;  ///< of each of the turns, as whoever summarises is shown it
  bool operator==(const Compaction&) const = default;
};

/// How much one summary is made from, in tokens, the notes before it left aside.
inline constexpr std::int64_t kSummarizedTokens = 6'000;
inline constexpr std::size_t kSummarizedTurns = 64;

/// Whether a summary is due, and of what. `summary`: of everything but the last turn. `summary_buffer`: once
/// notes and turns take up four fifths of `max_tokens`; then of as many turns as leave half of the turns'
/// room free, so that the next is not due at once. Other types: never. The last turn always stays; what is
/// too much for one summary waits for the next. Pure.
std::optional<Compaction> plan_compaction(const MemorySettings& settings, const Remembered& remembered,
                                          const Ruler& ruler);

}  // namespace troupe::memory
