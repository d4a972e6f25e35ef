#pragma once

#include "memory/knowledge/vector_index.h"

#include <cstddef>
#include <span>
#include <vector>

namespace troupe::memory {

/// A vector as the indexes keep and compare it: checked, of length 1 under cosine (or 0, if it was), and
/// padded with zeros to a whole number of kLanes.
struct PreparedVector {
  std::vector<float> values;
  bool zero = false;  ///< every value is 0: under cosine it scores 0 with everything
};

/// Any thread. Errors: invalid (not `dimensions` long, a value that is not finite, longer than
/// limits::kVectorLength).
Result<PreparedVector> prepare(std::span<const float> vector, Metric metric, std::size_t dimensions);

/// The error of an index that holds limits::kIndexVectors.
std::unexpected<Error> index_full();

/// Whether rows that were read from a file can be compared: all finite, no longer than limits::kVectorLength,
/// zeros behind `dimensions`.
bool well_formed(const float* padded_row, std::size_t dimensions);

}  // namespace troupe::memory
