#pragma once

#include "memory/knowledge/vector_index.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

namespace troupe::memory {

/// Further ids of rows whose vector several have.
using Twins = std::unordered_map<std::uint32_t, std::set<std::int64_t>>;

/// Rows of padded vectors, `stride` bytes from one to the next, and what they are called. Points to what
/// others own.
struct VectorRows {
  const std::byte* first = nullptr;
  std::size_t stride = 0;
  std::span<const std::int64_t> ids;    ///< as many as there are rows
  std::span<const std::uint8_t> alive;  ///< 0: the row counts as absent; empty: all are there
  const Twins* twins = nullptr;         ///< null: there are none

  const float* row(std::size_t i) const { return reinterpret_cast<const float*>(first + i * stride); }

  const std::set<std::int64_t>* twins_of(std::size_t i) const {
    if (!twins || twins->empty()) return nullptr;
    const auto found = twins->find(static_cast<std::uint32_t>(i));
    return found == twins->end() ? nullptr : &found->second;
  }
  /// Whether the row is there and has an id that `allowed` lets through (null: all).
  bool passes(std::size_t i, const IdFilter& allowed) const {
    if (!alive.empty() && alive[i] == 0) return false;
    if (!allowed || allowed(ids[i])) return true;
    const auto* others = twins_of(i);
    return others && std::ranges::any_of(*others, allowed);
  }
  /// Calls `found` with the ids of a row that passes, as far as they are allowed.
  template <class Found>
  void each_id(std::size_t i, const IdFilter& allowed, Found found) const {
    const auto* others = twins_of(i);
    // Without others, it is the one that let the row pass.
    if (!others || !allowed || allowed(ids[i])) found(ids[i]);
    if (!others) return;
    for (std::int64_t id : *others)
      if (!allowed || allowed(id)) found(id);
  }
};

/// The `k` nearest by comparing `query` (prepared) with every row that `allowed` lets through (null: all).
/// `k` is no larger than the number of ids. Any thread, as long as the rows stay as they are.
std::vector<Neighbour> exact_scan(const VectorRows& rows, Metric metric, std::span<const float> query,
                                  std::size_t k, const IdFilter& allowed);

}  // namespace troupe::memory
