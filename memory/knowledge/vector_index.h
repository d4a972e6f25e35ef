#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

enum class Metric : std::uint8_t { cosine, inner_product, l2 };
/// flat compares with every vector and is exact; hnsw walks a graph and is fast where there are many.
enum class IndexKind : std::uint8_t { flat, hnsw };

/// One vector found. `score`: cosine similarity, inner product, or minus the Euclidean distance: higher is
/// nearer whatever the metric. A vector of zeros has the cosine similarity 0 with every other.
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
  /// not finite, a vector too long to be compared), too_large (so many vectors), busy (no memory), internal
  /// (the index broke: build another). After an error the index is as before, but for internal.
  virtual Result<> put(std::int64_t id, std::span<const float> vector) = 0;
  /// An unknown id is not an error.
  virtual void remove(std::int64_t id) = 0;
  /// The `k` nearest that `allowed` lets through (null: all), best first, equal scores by id. Fewer when
  /// there are fewer. Errors: invalid (another length, a value that is not finite).
  virtual Result<std::vector<Neighbour>> nearest(std::span<const float> query, std::size_t k,
                                                 const IdFilter& allowed) const = 0;
  /// Writes a file that load_index() (memory/knowledge/index/vector_indexes.h) reads, for the owner alone
  /// (0600); what is there is replaced in one step. `stamp` says of which state of the rows in SQLite this is
  /// a copy. Blocks: not for the loop. Counts as a search: no write beside it; `give_up` ends it early,
  /// within some megabytes. Errors: store (disk), cancelled (given up: the file is what it was).
  virtual Result<> save(const std::string& file, std::uint64_t stamp, std::stop_token give_up = {}) const = 0;
  /// What it holds, in any order.
  virtual std::vector<std::int64_t> ids() const = 0;
  /// A vector as it is compared: of length 1 under cosine. Empty: there is none of this id. Counts as a
  /// search; valid until the next write.
  virtual std::span<const float> vector(std::int64_t id) const = 0;
  virtual IndexKind kind() const = 0;
  /// Whether so much was replaced or removed that one built anew would be smaller or find better.
  virtual bool worn() const = 0;
  virtual std::size_t size() const = 0;
  virtual std::size_t dimensions() const = 0;
  virtual Metric metric() const = 0;
};

}  // namespace troupe::memory
