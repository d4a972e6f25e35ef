#pragma once

#include "bench/measure.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

/// Vectors that are made up, and who finds the nearest of them: what measuring programs of indexes share.
namespace troupe::bench {

inline constexpr std::size_t kDimensions = 384;
inline constexpr float kWidth =
    0.7f;  // of a cluster, where the centres are 1 apart from the origin in each dimension
inline constexpr std::size_t kQueries = 1'000;
inline constexpr std::size_t kK = 10;

/// A mixture of Gaussians with a fixed seed; vectors of length 1.
class Mixture {
 public:
  explicit Mixture(std::size_t clusters) : clusters_(clusters), centres_(clusters * kDimensions) {
    for (float& value : centres_) value = normal_(random_);
  }
  std::vector<float> next() {
    const float* centre = centres_.data() + random_() % clusters_ * kDimensions;
    std::vector<float> made(kDimensions);
    double length = 0;
    for (std::size_t i = 0; i < kDimensions; ++i) {
      made[i] = centre[i] + kWidth * normal_(random_);
      length += static_cast<double>(made[i]) * made[i];
    }
    for (float& value : made) value = static_cast<float>(value / std::sqrt(length));
    return made;
  }

 private:
  std::mt19937_64 random_{7};
  std::normal_distribution<float> normal_;
  std::size_t clusters_;
  std::vector<float> centres_;
};

/// Median, lowest and highest of what the rounds gave.
struct Rounds {
  std::vector<double> values;
  std::string text() const {
    auto sorted = values;
    std::ranges::sort(sorted);
    char line[64];
    std::snprintf(line, sizeof line, "%.3f (%.3f-%.3f)", sorted[sorted.size() / 2], sorted.front(),
                  sorted.back());
    return line;
  }
};

using Ids = std::vector<std::int64_t>;
using Ask = std::function<Ids(const std::vector<float>&)>;

/// Somebody who answers queries: latencies of each round, and the recall.
struct Contestant {
  std::string name;
  Ask ask;
  Rounds p50, p99;
  double recall = 0;
};

inline void measure(Contestant& who, const std::vector<std::vector<float>>& queries,
                    const std::vector<Ids>& truth) {
  std::vector<double> times;
  std::size_t found = 0, wanted = 0;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    const auto begin = SteadyClock::now();
    const Ids ids = who.ask(queries[i]);
    times.push_back(ms_since(begin));
    const std::set<std::int64_t> right(truth[i].begin(), truth[i].end());
    wanted += right.size();
    for (std::int64_t id : ids) found += right.count(id);
  }
  std::ranges::sort(times);
  who.p50.values.push_back(times[times.size() / 2]);
  who.p99.values.push_back(times[times.size() * 99 / 100]);
  who.recall = static_cast<double>(found) / static_cast<double>(wanted);
}

inline void race(std::vector<Contestant>& all, const std::vector<std::vector<float>>& queries,
                 const std::vector<Ids>& truth, int rounds) {
  for (int round = 0; round < rounds; ++round)
    for (Contestant& who : all) measure(who, queries, truth);
  std::printf("%-34s %8s  %-24s %-24s\n", "", "recall", "p50 ms", "p99 ms");
  for (const Contestant& who : all)
    std::printf("%-34s %8.4f  %-24s %-24s\n", who.name.c_str(), who.recall, who.p50.text().c_str(),
                who.p99.text().c_str());
  std::fflush(stdout);
}

}  // namespace troupe::bench
