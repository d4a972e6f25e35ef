#include "memory/knowledge/search/mmr.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

namespace troupe::memory {

namespace {

// Eight sums in a fixed order: the compiler can keep them in vector registers without changing the result.
double dot(std::span<const float> a, std::span<const float> b) {
  constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> sums{};
  std::size_t i = 0;
  for (; i + kLanes <= a.size(); i += kLanes)
    for (std::size_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += static_cast<double>(a[i + lane]) * static_cast<double>(b[i + lane]);
  for (; i < a.size(); ++i) sums[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return std::accumulate(sums.begin(), sums.end(), 0.0);
}

double length(std::span<const float> vector) {
  return std::sqrt(dot(vector, vector));
}

double cosine(std::span<const float> a, double length_a, std::span<const float> b, double length_b) {
  return length_a > 0 && length_b > 0 ? dot(a, b) / (length_a * length_b) : 0;
}

struct Contender {
  std::span<const float> vector;
  double length = 0;
  MmrChoice choice;
  bool chosen = false;
};

}  // namespace

double cosine(std::span<const float> a, std::span<const float> b) {
  return cosine(a, length(a), b, length(b));
}

std::vector<MmrChoice> mmr(std::span<const float> query, std::span<const std::span<const float>> candidates,
                           std::size_t k, double lambda) {
  const double query_length = length(query);
  std::vector<Contender> all;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    Contender candidate{.vector = candidates[i], .length = length(candidates[i])};
    candidate.choice.index = i;
    candidate.choice.relevance = cosine(candidates[i], candidate.length, query, query_length);
    all.push_back(candidate);
  }
  std::vector<MmrChoice> chosen;
  while (chosen.size() < std::min(k, all.size())) {
    Contender* best = nullptr;
    for (Contender& candidate : all) {
      if (candidate.chosen) continue;
      MmrChoice& choice = candidate.choice;
      choice.score = lambda * choice.relevance - (1 - lambda) * choice.redundancy;
      const bool better = !best || (chosen.empty() ? choice.relevance > best->choice.relevance
                                                   : choice.score > best->choice.score);
      if (better) best = &candidate;
    }
    best->chosen = true;
    for (Contender& candidate : all) {
      if (candidate.chosen) continue;
      const double likeness = cosine(candidate.vector, candidate.length, best->vector, best->length);
      double& redundancy = candidate.choice.redundancy;
      redundancy = chosen.empty() ? likeness : std::max(redundancy, likeness);
    }
    chosen.push_back(best->choice);
  }
  return chosen;
}

}  // namespace troupe::memory
