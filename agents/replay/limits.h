#pragma once

#include <cstddef>

namespace troupe::limits {

/// Lines of the log of one run and those below it that are replayed.
inline constexpr std::size_t kReplayLines = 200'000;
/// Turns that the loop of a replay may take until something has to come from outside: what needs more goes
/// round in a circle.
inline constexpr std::size_t kReplayTurns = 20'000'000;
/// Restarts of the engine that one replay repeats.
inline constexpr std::size_t kReplayRestarts = 64;
/// Places, from the end, at which a stop is tried that came while nothing was waited for.
inline constexpr std::size_t kReplayStops = 96;
/// Bytes of a value that a difference shows, around the first one that differs.
inline constexpr std::size_t kDifferenceBytes = 160;
/// The same of what went before it, one line each, and how many of those.
inline constexpr std::size_t kBeforeBytes = 72;
inline constexpr std::size_t kBeforeLines = 3;

}  // namespace troupe::limits
