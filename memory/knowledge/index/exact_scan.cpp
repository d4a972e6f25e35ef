#include "memory/knowledge/index/exact_scan.h"

#include "memory/knowledge/index/distance.h"
#include "memory/knowledge/index/top_k.h"

#include <array>

namespace troupe::memory {

namespace {

// Rows that are chosen before they are compared: the processor fetches the next ones while it compares, which
// it cannot when it has to ask the filter first. Fetching by hand costs a tenth of the speed without a
// filter.
constexpr std::size_t kBatch = 64;

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
    for (const std::size_t row : std::span(chosen).first(count)) {
      const float score = score_of(metric, distance(query.data(), rows.row(row), query.size()));
      rows.each_id(row, allowed, [&](std::int64_t id) { best.offer({id, score}); });
    }
  }
  return std::move(best).take();
}

}  // namespace troupe::memory
