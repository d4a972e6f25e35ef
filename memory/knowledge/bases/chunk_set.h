#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace troupe::memory {

/// A set of chunks, for asking about one of them a hundred thousand times: a bit for each id between the
/// lowest and the highest that there may be. Any thread, as long as nobody adds.
class ChunkSet {
 public:
  /// For ids from `first` to `last`; none when `last` is below.
  ChunkSet(std::int64_t first, std::int64_t last);

  /// `id` is between the two.
  void add(std::int64_t id);
  bool contains(std::int64_t id) const;
  std::size_t size() const { return size_; }

 private:
  std::int64_t first_;
  std::vector<bool> bits_;
  std::size_t size_ = 0;
};

}  // namespace troupe::memory
