#include "memory/knowledge/index/exact_scan.h"

#include "memory/knowledge/index/distance.h"
#include "memory/knowledge/index/top_k.h"

#include <array>

namespace troupe::memory {

namespace {

constexpr std::size_t kBatch = 64;          // rows that are chosen before they are compared
constexpr std::size_t kAhead = 2;           // rows fetched ahead of the one that is compared
constexpr std::size_t kCacheLine = 64;      // bytes
constexpr std::size_t kFetchedBytes = 512;  // of a row; the processor sees by itself how it goes on

void fetch(const float* row, std::size_t bytes) {
  const auto* at = reinterpret_cast<const std::byte*>(row);
  for (std::size_t i = 0; i < std::min(bytes, kFetchedBytes); i += kCacheLine) __builtin_prefetch(at + i);
}

}  // namespace

std::vector<Neighbour> exact_scan(const VectorRows& rows, Metric metric, std::span<const float> query,
                                  std::size_t k, const IdFilter& allowed) {
  const DistanceFunction distance = distance_function(metric);
  TopK best(k);
  std::array<std::size_t, kBatch> chosen{};
  for (std::size_t next = 0; next < rows.ids.size();) {
    std::size_t count = 0;
    for (; next < rows.ids.size() && count < kBatch; ++next)
      if (rows.passes(next, allowed)) chosen[count++] = next;
    for (std::size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) fetch(rows.row(chosen[i + kAhead]), query.size_bytes());
      const float far = distance(query.data(), rows.row(chosen[i]), query.size());
      const float score = score_of(metric, far);
      rows.each_id(chosen[i], allowed, [&](std::int64_t id) { best.offer({id, score}); });
    }
  }
  return std::move(best).take();
}

}  // namespace troupe::memory
