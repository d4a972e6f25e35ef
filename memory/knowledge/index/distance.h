#pragma once

#include "memory/knowledge/vector_index.h"

#include <cstddef>
#include <cstdint>

namespace troupe::memory {

/// Floats in one step of a comparison: vectors are padded with zeros to a multiple of it.
inline constexpr std::size_t kLanes = 16;

constexpr std::size_t padded(std::size_t dimensions) {
  return (dimensions + kLanes - 1) / kLanes * kLanes;
}

/// What the processor can do.
enum class Simd : std::uint8_t { baseline, avx2, avx512 };

/// How far `a` and `b` are apart, of `n` floats each, a multiple of kLanes; no alignment is asked for.
using DistanceFunction = float (*)(const float* a, const float* b, std::size_t n);

/// Distances, smaller is nearer: minus the inner product, or the squared Euclidean distance. All levels of
/// SIMD add in the same order and never fuse a product with a sum, so that a pair of vectors has the same
/// distance, to the bit, on every machine.
struct DistanceFunctions {
  DistanceFunction inner_product = nullptr;
  DistanceFunction l2 = nullptr;
};

/// Null: this processor (or its operating system) cannot do it. Any thread.
const DistanceFunctions* distance_functions(Simd simd);
/// The fastest this machine has for `metric`; cosine is the inner product of vectors of length 1. Any thread.
DistanceFunction distance_function(Metric metric);

/// The score of Neighbour, of a distance.
float score_of(Metric metric, float distance);

}  // namespace troupe::memory
