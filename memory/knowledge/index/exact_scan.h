#pragma once

#include "memory/knowledge/vector_index.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::memory {

/// Rows of padded vectors, `stride` bytes from one to the next, and what each is called. Points to what
/// others own.
struct VectorRows {
  const std::byte* first = nullptr;
  std::size_t stride = 0;
  std::span<const std::int64_t> ids;    ///< as many as there are rows
  std::span<const std::uint8_t> alive;  ///< 0: the row counts as absent; empty: all are there

  const float* row(std::size_t i) const { return reinterpret_cast<const float*>(first + i * stride); }
};

/// The `k` nearest by comparing `query` (prepared) with every row that `allowed` lets through (null: all).
/// `k` is no larger than the number of rows. Any thread, as long as the rows stay as they are.
std::vector<Neighbour> exact_scan(const VectorRows& rows, Metric metric, std::span<const float> query,
                                  std::size_t k, const IdFilter& allowed);

}  // namespace troupe::memory
