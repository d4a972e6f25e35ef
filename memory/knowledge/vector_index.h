#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

enum class Metric : std::uint8_t { cosine, inner_product, l2 };

/// One vector found. `score`: cosine similarity, inner product, or minus the Euclidean distance: higher is
/// nearer whatever the metric.
struct Neighbour {
  std::int64_t id = 0;
  float score = 0;
  bool operator==(const Neighbour&) const = default;
};

/// Which ids may be found. Called from the searching thread, often: it answers from memory.
using IdFilter = std::function<bool(std::int64_t)>;

/// Vectors of one knowledge base and tenant by their id, and who is nearest. What it holds is a copy of rows
/// in SQLite and can be built again at any time. One writer at a time, and no search beside a write; searches
/// beside each other are fine. Any thread.
class VectorIndex {
 public:
  virtual ~VectorIndex() = default;

  /// Adds or replaces; `vector` has dimensions() elements. Errors: invalid (another length, a value that is
  /// not finite).
  virtual Result<> put(std::int64_t id, std::span<const float> vector) = 0;
  /// An unknown id is not an error.
  virtual void remove(std::int64_t id) = 0;
  /// The `k` nearest that `allowed` lets through (null: all), best first, equal scores by id. Fewer when
  /// there are fewer. Errors: invalid (another length, a value that is not finite).
  virtual Result<std::vector<Neighbour>> nearest(std::span<const float> query, std::size_t k,
                                                 const IdFilter& allowed) const = 0;
  virtual std::size_t size() const = 0;
  virtual std::size_t dimensions() const = 0;
  virtual Metric metric() const = 0;
};

}  // namespace troupe::memory
