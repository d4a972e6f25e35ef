#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::memory {

/// A text whose tokens have numbers: equal tokens, equal numbers.
using TokenNumbers = std::vector<std::uint32_t>;

/// The length of a longest common subsequence. Time |a|·|b|, space |b|. Pure; any thread.
std::size_t common_subsequence_length(const TokenNumbers& a, const TokenNumbers& b);

/// One of the longest common subsequences, as places in `a`, ascending. Of several it is the one that
/// rouge-score takes, which ROUGE-Lsum depends on. Time and bytes |a|·|b|. Pure; any thread.
std::vector<std::size_t> common_subsequence(const TokenNumbers& a, const TokenNumbers& b);

}  // namespace troupe::memory
