#pragma once

#include "memory/conversation/recollection.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::plugins {

inline constexpr std::size_t kMemoryTurnBytes = 256u << 10;  ///< of one turn that a memory is given
inline constexpr std::size_t kMemoryGivenBytes = 2u << 20;   ///< of all of them in one call
inline constexpr std::size_t kMemoryNotesBytes = 64u << 10;  ///< of the notes that it keeps

/// The turns that a memory is given in one call: some that follow on each other, out of those remembered.
struct GivenTurns {
  std::size_t first = 0;  ///< the place of its first one among those remembered
  std::size_t count = 0;
  Json turns = Json::array();  ///< [{"user", "assistant"}], oldest first
};
/// The newest, or the oldest, as many as have kMemoryGivenBytes together, and one at least where there is
/// any. A longer turn than kMemoryTurnBytes is shortened. Pure.
GivenTurns newest_given(std::span<const memory::Turn> turns);
GivenTurns oldest_given(std::span<const memory::Turn> turns);

/// What it chose to be recalled.
struct TurnChoice {
  std::vector<std::size_t> places;  ///< of those given, the best first
  bool notes = true;                ///< whether the notes are shown
};
/// Reads {"turns": […], "notes": …}. Errors: protocol, with what is wrong and the beginning of what came.
/// Pure.
Result<TurnChoice> read_choice(std::string_view answer, std::size_t given);

/// What it wants to be kept from now on.
struct NewNotes {
  std::string text;
  std::size_t turns = 0;  ///< how many of the first given ones are in them
};
/// Reads {"notes", "turns"}; nothing where it is {}. Errors: as read_choice(). Pure.
Result<std::optional<NewNotes>> read_notes(std::string_view answer, std::size_t given);

}  // namespace troupe::plugins
