#include "memory/evaluation/estimate.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace troupe::memory {

namespace {

class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t mixed = state_ += 0x9E3779B97F4A7C15ULL;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBULL;
    return mixed ^ mixed >> 31;
  }

  /// The upper half of the product: below `end`, and as good as evenly spread for any number of cases.
  std::uint32_t below(std::size_t end) {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::uint32_t>(static_cast<Wide>(next()) * end >> 64);
  }

 private:
  std::uint64_t state_;
};

double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(place));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - static_cast<double>(below));
}

}  // namespace

std::optional<Estimate> estimate(std::size_t cases,
                                 const std::function<double(std::span<const std::uint32_t>)>& figure) {
  if (cases == 0) return std::nullopt;
  std::vector<std::uint32_t> drawn(cases);
  std::iota(drawn.begin(), drawn.end(), 0u);
  Estimate result{.value = figure(drawn), .n = cases};
  SplitMix64 random(kResampleSeed);
  std::vector<double> figures(std::clamp(kDrawsMax / cases, kResamplesMin, kResamples));
  for (double& one : figures) {
    for (std::uint32_t& number : drawn) number = random.below(cases);
    one = figure(drawn);
  }
  std::ranges::sort(figures);
  result.low = percentile(figures, 0.025);
  result.high = percentile(figures, 0.975);
  return result;
}

std::optional<Estimate> estimate_mean(std::span<const double> values) {
  return estimate(values.size(), [values](std::span<const std::uint32_t> drawn) {
    double sum = 0;
    for (std::uint32_t number : drawn) sum += values[number];
    return sum / static_cast<double>(drawn.size());
  });
}

}  // namespace troupe::memory
