#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::limits {

inline constexpr std::size_t kIndexDimensions = 16'384;
inline constexpr std::size_t kIndexVectors = 10'000'000;          // of one index
inline constexpr std::uint64_t kIndexFileBytes = 64ULL << 30;     // of one file that is read
inline constexpr double kVectorLength = 1e18;                     // so that no score overflows a float
inline constexpr std::size_t kHnswLinksMin = 4, kHnswLinks = 64;  // HnswSettings::m
inline constexpr std::size_t kHnswConstruction = 4'000;           // HnswSettings::ef_construction
inline constexpr std::size_t kHnswSearch = 10'000;                // HnswSettings::ef
inline constexpr std::size_t kOutsideCandidates = 10'000;         // that an index of a plugin is asked for

}  // namespace troupe::limits
