#pragma once

#include <cstddef>

/// Bounds of a team's conversation, beside those of agents/teams/limits.h.
namespace troupe::limits {

inline constexpr std::size_t kClosingBytes = 64u << 10;  // of what a member is told after the conversation
inline constexpr std::size_t kNearTexts = 8;             // of one speaker, that a new one is held against
inline constexpr double kNearlySame = 0.95;  // share of pairs of words that two texts have in common
inline constexpr std::size_t kReadReplyBytes = 16u << 10;  // of a reply that names a speaker or judges work
inline constexpr std::size_t kReplyShown = 400;            // of one that could not be read, to who gave it
inline constexpr std::size_t kReasonBytes = 2u << 10;      // of why work is returned or handed over
inline constexpr std::size_t kNearTextBytes = 64u << 10;   // longer texts are the same or they are not

}  // namespace troupe::limits
