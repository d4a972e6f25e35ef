#pragma once

#include "memory/knowledge/vector_index.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace troupe::memory {

/// The order of answers: the higher score first, of equal scores the lower id. Scores are numbers.
inline bool better(const Neighbour& a, const Neighbour& b) {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}

/// The `k` best of what is offered, in whatever order.
class TopK {
 public:
  explicit TopK(std::size_t k) : k_(k) { heap_.reserve(k); }

  void offer(Neighbour found) {
    if (heap_.size() < k_) {
      heap_.push_back(found);
      std::ranges::push_heap(heap_, better);  // the worst on top
    } else if (k_ > 0 && better(found, heap_.front())) {
      std::ranges::pop_heap(heap_, better);
      heap_.back() = found;
      std::ranges::push_heap(heap_, better);
    }
  }

  /// Best first.
  std::vector<Neighbour> take() && {
    std::ranges::sort_heap(heap_, better);
    return std::move(heap_);
  }

 private:
  std::size_t k_;
  std::vector<Neighbour> heap_;
};

}  // namespace troupe::memory
