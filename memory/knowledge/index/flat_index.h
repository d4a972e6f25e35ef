#pragma once

#include "memory/knowledge/index/exact_scan.h"
#include "memory/knowledge/index/index_file.h"
#include "memory/knowledge/index/row_block.h"
#include "memory/knowledge/vector_index.h"

#include <memory>
#include <unordered_map>
#include <vector>

namespace troupe::memory {

/// Compares a query with every vector: exact, with any filter, and as fast as memory is read. What a search
/// costs grows with the vectors; see kFlatVectors in memory/knowledge/index/vector_indexes.h.
class FlatIndex final : public VectorIndex {
 public:
  /// `dimensions` is from 1 to limits::kIndexDimensions.
  FlatIndex(Metric metric, std::size_t dimensions);
  /// The rest of a file of which `header` has been read. Errors: invalid (damaged), store, busy (no memory).
  static Result<std::unique_ptr<VectorIndex>> load(IndexFileReader& file, const IndexHeader& header);

  Result<> put(std::int64_t id, std::span<const float> vector) override;
  void remove(std::int64_t id) override;
  Result<std::vector<Neighbour>> nearest(std::span<const float> query, std::size_t k,
                                         const IdFilter& allowed) const override;
  Result<> save(const std::string& file, std::uint64_t stamp, std::stop_token give_up = {}) const override;
  std::vector<std::int64_t> ids() const override { return ids_; }
  std::span<const float> vector(std::int64_t id) const override;
  IndexKind kind() const override { return IndexKind::flat; }
  bool worn() const override { return false; }
  std::size_t size() const override { return ids_.size(); }
  std::size_t dimensions() const override { return dimensions_; }
  Metric metric() const override { return metric_; }

 private:
  VectorRows rows() const;

  Metric metric_;
  std::size_t dimensions_;
  RowBlock block_;
  std::vector<std::int64_t> ids_;                           // of each row
  std::unordered_map<std::int64_t, std::uint32_t> row_of_;  // the inverse
};

}  // namespace troupe::memory
