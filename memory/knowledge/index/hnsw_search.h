#pragma once

#include "memory/knowledge/index/distance.h"
#include "memory/knowledge/index/exact_scan.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::memory {

/// A graph of hnswlib as it lies in memory: the lowest level in records of links (a 16-bit count, 16 bits
/// of flags, 32-bit numbers of records), vector and label; the links of the levels above apart. Points to
/// what others own.
struct HnswGraph {
  VectorRows rows;                       ///< of the records' vectors
  std::size_t vector_offset = 0;         ///< of a vector in its record
  std::span<char* const> upper;          ///< a record's links of level 1 and up; anything where it has none
  std::size_t upper_bytes = 0;           ///< of the links of one record and level
  std::span<const std::int32_t> levels;  ///< the highest level of each record
  std::size_t m = 0;                     ///< links of a record and level; twice as many on the lowest
  std::uint32_t entry = 0;
  std::int32_t top = 0;  ///< level of the entry

  /// The records that `record` is linked with on `level`, which it has.
  std::span<const std::uint32_t> links(std::uint32_t record, std::int32_t level) const;
  /// Whether a search stays inside of the graph, wherever it starts. For what was read from a file.
  bool well_formed() const;
};

/// What a search in a graph came to.
struct HnswFound {
  struct Record {
    float distance = 0;
    std::uint32_t number = 0;
  };
  std::vector<Record> nearest;  ///< in no order
  bool finished = false;        ///< false: `comparisons_max` came first
};

/// About the `ef` nearest records that pass `allowed` (see VectorRows). The walk goes
/// over the others too, so that a filter does not cut the graph; after `comparisons_max` it ends. Malkov and
/// Yashunin, "Efficient and robust approximate nearest neighbor search using hierarchical navigable small
/// world graphs" (2018), algorithms 2 and 5. Any thread, as long as the graph stays as it is.
HnswFound search(const HnswGraph& graph, DistanceFunction distance, std::span<const float> query,
                 std::size_t ef, const IdFilter& allowed, std::size_t comparisons_max);

}  // namespace troupe::memory
