#pragma once

#include "memory/knowledge/vector_index.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <span>
#include <vector>

namespace troupe::testing {

/// Vectors around centres, the same ones for the same seed.
class Clusters {
 public:
  Clusters(std::size_t dimensions, std::size_t clusters, unsigned seed);
  std::vector<float> next();
  /// Around the centre of that number.
  std::vector<float> near(std::size_t cluster);

 private:
  std::mt19937 random_;
  std::vector<std::vector<float>> centres_;
};

using Vectors = std::map<std::int64_t, std::vector<float>>;

/// The score of a pair, in double and term by term.
double score(memory::Metric metric, std::span<const float> a, std::span<const float> b);

/// What an index is to find, by comparing in double; equal scores by id.
std::vector<memory::Neighbour> nearest(const Vectors& vectors, memory::Metric metric,
                                       std::span<const float> query, std::size_t k,
                                       const memory::IdFilter& allowed = nullptr);

/// Checks that `found` are as many as `right`, with the same scores but for rounding, in the order of
/// answers, each with its own score. Ids may differ where scores do not.
void check_exact(const std::vector<memory::Neighbour>& found, const std::vector<memory::Neighbour>& right,
                 const Vectors& vectors, memory::Metric metric, std::span<const float> query);

/// The part of `right` that is in `found`.
double recall(const std::vector<memory::Neighbour>& found, const std::vector<memory::Neighbour>& right);

}  // namespace troupe::testing
