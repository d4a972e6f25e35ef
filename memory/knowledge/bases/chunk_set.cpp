#include "memory/knowledge/bases/chunk_set.h"

namespace troupe::memory {

ChunkSet::ChunkSet(std::int64_t first, std::int64_t last)
    : first_(first), bits_(last < first ? 0 : static_cast<std::size_t>(last - first) + 1) {}

void ChunkSet::add(std::int64_t id) {
  auto bit = bits_[static_cast<std::size_t>(id - first_)];
  if (!bit) ++size_;
  bit = true;
}

bool ChunkSet::contains(std::int64_t id) const {
  const auto at = static_cast<std::uint64_t>(id) - static_cast<std::uint64_t>(first_);
  return at < bits_.size() && bits_[at];
}

}  // namespace troupe::memory
