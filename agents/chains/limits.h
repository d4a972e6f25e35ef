#pragma once

#include <cstddef>
#include <cstdint>

/// Bounds of chains, beside those of runtime/base/limits.h.
namespace troupe::limits {

inline constexpr std::size_t kChainSteps = 64;     // of one list
inline constexpr std::size_t kChainBranches = 16;  // of one `parallel`
inline constexpr std::size_t kChainInputs = 64;    // that one chain takes
inline constexpr int kChainRetries = 20;           // of one parser
inline constexpr int kChainCalls = 500;            // to models, in one run
inline constexpr std::size_t kPromptFileBytes = 256u << 10;
inline constexpr std::size_t kChainPromptBytes = 1u << 20;  // of one filled prompt
/// Of a request whose model has no known context: what a small model reads.
inline constexpr std::int64_t kAssumedPromptTokens = 6'000;
inline constexpr std::size_t kListItems = 10'000;             // that a parser reads
inline constexpr std::size_t kRefusedReplyShown = 16u << 10;  // bytes of a reply that is sent back

}  // namespace troupe::limits
