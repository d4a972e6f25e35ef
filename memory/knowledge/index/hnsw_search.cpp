#include "memory/knowledge/index/hnsw_search.h"

#include <algorithm>

namespace troupe::memory {

namespace {

using Record = HnswFound::Record;

constexpr std::size_t kCacheLine = 64;        // bytes
constexpr std::size_t kFetchedBytes = 1'024;  // of a vector; the processor sees by itself how it goes on

bool nearer(const Record& a, const Record& b) {
  return a.distance < b.distance;
}
bool farther(const Record& a, const Record& b) {
  return a.distance > b.distance;
}

/// One search in one graph.
class Walk {
 public:
  Walk(const HnswGraph& graph, DistanceFunction distance, std::span<const float> query)
      : graph_(graph), distance_(distance), query_(query), seen_((graph.rows.ids.size() + 63) / 64) {
    fresh_.reserve(2 * graph.m);
  }

  /// The record of the levels above the lowest that is nearest, step by step.
  Record descend() {
    Record at{far(graph_.entry), graph_.entry};
    for (std::int32_t level = graph_.top; level > 0; --level) {
      for (bool moved = true; moved;) {
        moved = false;
        for (std::uint32_t next : graph_.links(at.number, level)) {
          const Record other{far(next), next};
          if (!nearer(other, at)) continue;
          at = other;
          moved = true;
        }
      }
    }
    return at;
  }

  HnswFound spread(Record from, std::size_t ef, const IdFilter& allowed, std::size_t comparisons_max) {
    see(from.number);
    meet(from, ef, allowed);
    while (!open_.empty()) {
      const Record at = open_.front();
      if (best_.size() == ef && farther(at, best_.front())) break;
      if (comparisons_ >= comparisons_max) return {std::move(best_), false};
      std::ranges::pop_heap(open_, farther);
      open_.pop_back();
      gather(at.number);
      for (std::size_t i = 0; i < fresh_.size(); ++i) {
        if (i + 1 < fresh_.size()) fetch(fresh_[i + 1]);
        const Record other{far(fresh_[i]), fresh_[i]};
        if (best_.size() < ef || nearer(other, best_.front())) meet(other, ef, allowed);
      }
    }
    return {std::move(best_), true};
  }

 private:
  float far(std::uint32_t record) {
    ++comparisons_;
    return distance_(query_.data(), graph_.rows.row(record), query_.size());
  }

  bool see(std::uint32_t record) {
    std::uint64_t& word = seen_[record / 64];
    const std::uint64_t bit = std::uint64_t{1} << record % 64;
    const bool first = (word & bit) == 0;
    word |= bit;
    return first;
  }

  void meet(Record other, std::size_t ef, const IdFilter& allowed) {
    open_.push_back(other);
    std::ranges::push_heap(open_, farther);
    if (!graph_.rows.passes(other.number, allowed)) return;
    best_.push_back(other);
    std::ranges::push_heap(best_, nearer);
    if (best_.size() <= ef) return;
    std::ranges::pop_heap(best_, nearer);
    best_.pop_back();
  }

  // The links of a record that were not seen yet.
  void gather(std::uint32_t record) {
    fresh_.clear();
    for (std::uint32_t next : graph_.links(record, 0))
      if (see(next)) fresh_.push_back(next);
    if (!fresh_.empty()) fetch(fresh_.front());
  }

  void fetch(std::uint32_t record) const {
    const auto* at = reinterpret_cast<const std::byte*>(graph_.rows.row(record));
    for (std::size_t i = 0; i < std::min(query_.size_bytes(), kFetchedBytes); i += kCacheLine)
      __builtin_prefetch(at + i);
  }

  const HnswGraph& graph_;
  DistanceFunction distance_;
  std::span<const float> query_;
  std::vector<std::uint64_t> seen_;  // a bit a record: stays in the cache, and costs little to clear
  std::vector<std::uint32_t> fresh_;
  std::vector<Record> open_;  // to be expanded, the nearest on top
  std::vector<Record> best_;  // found, the farthest on top
  std::size_t comparisons_ = 0;
};

}  // namespace

std::span<const std::uint32_t> HnswGraph::links(std::uint32_t record, std::int32_t level) const {
  const auto* list =
      level == 0 ? reinterpret_cast<const std::uint32_t*>(rows.first + record * rows.stride - vector_offset)
                 : reinterpret_cast<const std::uint32_t*>(upper[record] +
                                                          static_cast<std::size_t>(level - 1) * upper_bytes);
  return {list + 1, *list & 0xFFFF};
}

bool HnswGraph::well_formed() const {
  const std::size_t count = levels.size();
  if (count == 0) return true;
  if (entry >= count || top < 0 || levels[entry] != top) return false;
  for (std::uint32_t record = 0; record < count; ++record) {
    for (std::int32_t level = 0; level <= levels[record]; ++level) {
      const auto linked = links(record, level);
      if (linked.size() > (level == 0 ? 2 * m : m)) return false;
      for (std::uint32_t other : linked)
        if (other >= count || other == record || levels[other] < level) return false;
    }
  }
  return true;
}

HnswFound search(const HnswGraph& graph, DistanceFunction distance, std::span<const float> query,
                 std::size_t ef, const IdFilter& allowed, std::size_t comparisons_max) {
  Walk walk(graph, distance, query);
  return walk.spread(walk.descend(), ef, allowed, comparisons_max);
}

}  // namespace troupe::memory
