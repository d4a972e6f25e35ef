#pragma once

#include "memory/knowledge/index/hnsw_index.h"
#include "memory/knowledge/index/hnsw_search.h"
#include "memory/knowledge/index/index_file.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace troupe::memory {

/// hnswlib's graph of records numbered from 0, and the only place that knows hnswlib: what it throws ends
/// here. Distances are distance.h's, vectors are padded and prepared. One thread, or readers only.
class HnswRecords {
 public:
  /// Errors, here and below: busy (no memory).
  static Result<std::unique_ptr<HnswRecords>> make(Metric metric, std::size_t dimensions,
                                                   const HnswSettings& settings, std::size_t capacity);
  ~HnswRecords();

  /// Adds the record count(), or gives `record` another vector; a removed one is there again. After an error
  /// of code internal the graph is not to be used any more. New records are for when none is removed: a graph
  /// of removed ones has no place to hang a new one on.
  Result<> add(const float* vector);
  Result<> replace(std::uint32_t record, const float* vector);
  /// Hides a record that is there.
  void remove(std::uint32_t record);
  bool removed(std::uint32_t record) const;
  std::size_t count() const;

  /// The graph as a search sees it, but for what its caller knows: what the rows are called. Valid until the
  /// next change.
  HnswGraph view() const;

  /// Fills in `m` to `upper` of a header, and adds to its `body` what write() writes.
  void describe(IndexHeader& header) const;
  Result<> write(IndexFileWriter& file) const;
  /// Takes what write() wrote, unbelieved, into a graph that was made with room for `header.rows`; `header`
  /// has this graph's m, dimensions, and a `body` that is `others` larger than what is read here. Errors:
  /// invalid (the sizes do not fit), store.
  Result<> read(IndexFileReader& file, const IndexHeader& header, std::uint64_t others);
  /// After the file's finish(): checks it, and is what was read. Errors: invalid (it is no graph), busy.
  Result<> adopt(const IndexFileReader& file, const IndexHeader& header);

 private:
  struct Library;
  HnswRecords();
  Result<> grow();

  std::unique_ptr<Library> library_;
};

}  // namespace troupe::memory
