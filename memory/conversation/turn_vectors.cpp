#include "memory/conversation/turn_vectors.h"

namespace troupe::memory {

namespace {

std::size_t size_of(const TurnVectors::Vector& vector) {
  constexpr std::size_t kEntry = 200;  // keys and nodes
  return vector.size() * sizeof(float) + kEntry;
}

}  // namespace

Task<Result<std::vector<TurnVectors::Vector>>> TurnVectorsInMemory::find(std::string embedder,
                                                                         std::vector<std::string> runs) {
  std::vector<Vector> found;
  found.reserve(runs.size());
  for (const std::string& run : runs) {
    const auto entry = entries_.find({embedder, run});
    if (entry == entries_.end()) {
      found.emplace_back();
      continue;
    }
    used_.splice(used_.begin(), used_, entry->second.used);
    found.push_back(entry->second.vector);
  }
  co_return found;
}

Task<Result<>> TurnVectorsInMemory::keep(std::string embedder,
                                         std::vector<std::pair<std::string, Vector>> vectors) {
  for (auto& [run, vector] : vectors) {
    const Key key{embedder, run};
    if (const auto old = entries_.find(key); old != entries_.end()) forget(old);
    bytes_ += size_of(vector);
    used_.push_front(key);
    entries_.emplace(key, Entry{std::move(vector), used_.begin()});
  }
  while (bytes_ > bytes_max_ && !used_.empty()) forget(entries_.find(used_.back()));
  co_return Result<>();
}

void TurnVectorsInMemory::forget(std::map<Key, Entry>::iterator entry) {
  bytes_ -= size_of(entry->second.vector);
  used_.erase(entry->second.used);
  entries_.erase(entry);
}

}  // namespace troupe::memory
