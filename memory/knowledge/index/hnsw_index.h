#pragma once

#include "memory/knowledge/index/index_file.h"
#include "memory/knowledge/index/limits.h"
#include "memory/knowledge/vector_index.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace troupe::memory {

/// How a graph is made and searched. The first two are part of the graph: others need another one.
struct HnswSettings {
  /// Links of a vector, twice as many on the lowest level: more find better, cost memory and time to build.
  /// From limits::kHnswLinksMin to limits::kHnswLinks.
  std::size_t m = 16;
  /// Neighbours that are looked at for each vector put in: more find better and build slower. From m to
  /// limits::kHnswConstruction.
  std::size_t ef_construction = 200;
  /// Neighbours that a search keeps in view, at least as many as are asked for: more find better and slower.
  /// From 1 to limits::kHnswSearch.
  std::size_t ef = 100;
  bool operator==(const HnswSettings&) const = default;
};

/// Errors: invalid (a setting outside of what it may be).
Result<> check(const HnswSettings& settings);

/// A graph of near neighbours (hnswlib), for more vectors than can be compared with every query: finds nearly
/// all of the nearest. It compares with every vector after all, and is exact, where that is as cheap: few
/// vectors, a filter that lets few through, many neighbours asked for; and where a filter hides whatever is
/// near the query. The same puts and removals make the same graph.
///
/// Ids with equal vectors share a place in the graph. What is removed stays in it, unfound, until its place
/// is taken by another vector. Putting takes about a millisecond, replacing and taking a place five to ten: a
/// graph for many is made on a worker thread, put by put, and may be given up between two.
class HnswIndex final : public VectorIndex {
 public:
  /// `dimensions` is from 1 to limits::kIndexDimensions, `settings` have been checked; room is made for
  /// `expected` vectors and for more when they come. Errors: busy (no memory).
  static Result<std::unique_ptr<VectorIndex>> make(Metric metric, std::size_t dimensions,
                                                   const HnswSettings& settings, std::size_t expected);
  /// The rest of a file of which `header` has been read. Errors: conflict (of other settings), invalid
  /// (damaged), store, busy (no memory).
  static Result<std::unique_ptr<VectorIndex>> load(IndexFileReader& file, const IndexHeader& header,
                                                   const HnswSettings& settings);
  ~HnswIndex() override;

  Result<> put(std::int64_t id, std::span<const float> vector) override;
  void remove(std::int64_t id) override;
  Result<std::vector<Neighbour>> nearest(std::span<const float> query, std::size_t k,
                                         const IdFilter& allowed) const override;
  Result<> save(const std::string& file, std::uint64_t stamp, std::stop_token give_up = {}) const override;
  std::vector<std::int64_t> ids() const override;
  std::span<const float> vector(std::int64_t id) const override;
  IndexKind kind() const override { return IndexKind::hnsw; }
  bool worn() const override;
  std::size_t size() const override;
  std::size_t dimensions() const override { return dimensions_; }
  Metric metric() const override { return metric_; }

 private:
  struct Graph;
  HnswIndex(Metric metric, std::size_t dimensions, const HnswSettings& settings);
  Result<> begin(std::size_t expected);

  Metric metric_;
  std::size_t dimensions_;
  HnswSettings settings_;
  std::unique_ptr<Graph> graph_;
};

}  // namespace troupe::memory
