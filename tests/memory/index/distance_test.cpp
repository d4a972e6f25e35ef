#include "memory/knowledge/index/distance.h"

#include "tests/memory/index/vectors.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

std::vector<float> padded_vector(std::vector<float> vector) {
  vector.resize(padded(vector.size()));
  return vector;
}

}  // namespace

TEST_CASE("a width is padded to whole steps") {
  CHECK(padded(1) == 16);
  CHECK(padded(16) == 16);
  CHECK(padded(17) == 32);
  CHECK(padded(384) == 384);
}

TEST_CASE("distances are what they are by the definition, for whole and odd widths") {
  for (const std::size_t width : {1, 3, 7, 8, 16, 17, 31, 32, 33, 48, 100, 384, 1536}) {
    CAPTURE(width);
    testing::Clusters clusters(width, 3, 11);
    for (int i = 0; i < 20; ++i) {
      const auto a = clusters.next(), b = clusters.next();
      const auto x = padded_vector(a), y = padded_vector(b);
      const double inner = testing::score(Metric::inner_product, a, b);
      const double l2 = testing::score(Metric::l2, a, b);
      const double rounding = 1e-6 * static_cast<double>(1 + width);
      CHECK(std::abs(distance_function(Metric::inner_product)(x.data(), y.data(), x.size()) + inner) <
            rounding);
      CHECK(std::abs(distance_function(Metric::l2)(x.data(), y.data(), x.size()) - l2 * l2) < rounding);
    }
  }
}

TEST_CASE(
    "whatever the processor has, a distance is the same to the bit, also of vectors that begin anywhere") {
  const DistanceFunctions* baseline = distance_functions(Simd::baseline);
  REQUIRE(baseline);
  for (const Simd simd : {Simd::avx2, Simd::avx512}) {
    const DistanceFunctions* functions = distance_functions(simd);
    if (!functions) continue;  // not on this machine
    for (const std::size_t width : {16, 32, 48, 112, 384}) {
      testing::Clusters clusters(width + 1, 2, 5);
      for (int i = 0; i < 50; ++i) {
        const auto a = clusters.next(), b = clusters.next();
        const auto same = [&](DistanceFunction one, DistanceFunction other, std::size_t begin) {
          const float x = one(a.data() + begin, b.data() + begin, width);
          const float y = other(a.data() + begin, b.data() + begin, width);
          return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y);
        };
        for (const std::size_t begin : {0, 1}) {
          CHECK(same(baseline->inner_product, functions->inner_product, begin));
          CHECK(same(baseline->l2, functions->l2, begin));
        }
      }
    }
  }
}

TEST_CASE(
    "scores are higher for what is nearer, cosines within their bounds, and a score of zero has no sign") {
  CHECK(score_of(Metric::inner_product, -3) == 3);
  CHECK(score_of(Metric::cosine, -1.0000001f) == 1);
  CHECK(score_of(Metric::cosine, 1.0000001f) == -1);
  CHECK(score_of(Metric::l2, 9) == -3);
  for (const Metric metric : {Metric::cosine, Metric::inner_product, Metric::l2})
    CHECK_FALSE(std::signbit(score_of(metric, metric == Metric::l2 ? 0.0f : -0.0f)));
}
