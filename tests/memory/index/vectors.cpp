#include "tests/memory/index/vectors.h"

#include <algorithm>
#include <cmath>
#include <set>

#include <doctest/doctest.h>

namespace troupe::testing {

using namespace memory;

namespace {

// Distributions differ between standard libraries; this one does not.
float unit(std::mt19937& random) {
  return static_cast<float>(random() >> 8) / 8388608.0f - 1;
}

double dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
  return sum;
}

bool comes_first(const Neighbour& a, const Neighbour& b) {
  return a.score != b.score ? a.score > b.score : a.id < b.id;
}

}  // namespace

Clusters::Clusters(std::size_t dimensions, std::size_t clusters, unsigned seed) : random_(seed) {
  centres_.resize(clusters);
  for (auto& centre : centres_)
    for (std::size_t i = 0; i < dimensions; ++i) centre.push_back(unit(random_));
}

std::vector<float> Clusters::next() {
  return near(random_() % centres_.size());
}

std::vector<float> Clusters::near(std::size_t cluster) {
  std::vector<float> made = centres_[cluster];
  for (float& value : made) value += 0.5f * unit(random_);
  return made;
}

double score(Metric metric, std::span<const float> a, std::span<const float> b) {
  if (metric == Metric::inner_product) return dot(a, b);
  if (metric == Metric::cosine) {
    const double lengths = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b));
    return lengths == 0 ? 0 : dot(a, b) / lengths;
  }
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i]) - b[i], 2);
  return -std::sqrt(sum);
}

std::vector<Neighbour> nearest(const Vectors& vectors, Metric metric, std::span<const float> query,
                               std::size_t k, const IdFilter& allowed) {
  std::vector<Neighbour> all;
  for (const auto& [id, vector] : vectors)
    if (!allowed || allowed(id)) all.push_back({id, static_cast<float>(score(metric, query, vector))});
  std::ranges::sort(all, comes_first);
  all.resize(std::min(k, all.size()));
  return all;
}

void check_exact(const std::vector<Neighbour>& found, const std::vector<Neighbour>& right,
                 const Vectors& vectors, Metric metric, std::span<const float> query) {
  REQUIRE(found.size() == right.size());
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    REQUIRE(vectors.contains(found[i].id));
    CHECK(seen.insert(found[i].id).second);
    const auto own = static_cast<float>(score(metric, query, vectors.at(found[i].id)));
    const double rounding = 1e-5 * (1 + std::abs(own));
    CHECK(std::abs(found[i].score - own) <= rounding);
    CHECK(std::abs(found[i].score - right[i].score) <= rounding);
    if (i > 0) CHECK(comes_first(found[i - 1], found[i]));
  }
}

double recall(const std::vector<Neighbour>& found, const std::vector<Neighbour>& right) {
  const auto hits = std::ranges::count_if(right, [&](const Neighbour& one) {
    return std::ranges::any_of(found, [&](const Neighbour& other) { return other.id == one.id; });
  });
  return right.empty() ? 1 : static_cast<double>(hits) / static_cast<double>(right.size());
}

}  // namespace troupe::testing
