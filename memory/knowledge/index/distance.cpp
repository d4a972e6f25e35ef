#include "memory/knowledge/index/distance.h"

#include <algorithm>
#include <cmath>

namespace troupe::memory {

namespace {

// The compiler makes of these what the target of the function they are in has: one register or four.
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
struct [[gnu::packed, gnu::may_alias]] LanesAnywhere {  // packed: wherever they begin
  Lanes lanes;
};

// Two sums of 16: enough to hide the latency of an addition, and eight registers where there are only 16.
template <Metric metric>
[[gnu::always_inline]] inline float distance(const float* a, const float* b, std::size_t n) {
#pragma clang fp contract(off)
  const auto* x = reinterpret_cast<const LanesAnywhere*>(a);
  const auto* y = reinterpret_cast<const LanesAnywhere*>(b);
  const std::size_t blocks = n / kLanes;
  Lanes even{}, odd{};
  std::size_t i = 0;
  for (; i + 2 <= blocks; i += 2) {
    if constexpr (metric == Metric::l2) {
      const Lanes d = x[i].lanes - y[i].lanes;
      const Lanes e = x[i + 1].lanes - y[i + 1].lanes;
      even += d * d;
      odd += e * e;
    } else {
      even += x[i].lanes * y[i].lanes;
      odd += x[i + 1].lanes * y[i + 1].lanes;
    }
  }
  if (i < blocks) {
    if constexpr (metric == Metric::l2) {
      const Lanes d = x[i].lanes - y[i].lanes;
      even += d * d;
    } else {
      even += x[i].lanes * y[i].lanes;
    }
  }
  even += odd;
  const auto eight = __builtin_shufflevector(even, even, 0, 1, 2, 3, 4, 5, 6, 7) +
                     __builtin_shufflevector(even, even, 8, 9, 10, 11, 12, 13, 14, 15);
  const auto four =
      __builtin_shufflevector(eight, eight, 0, 1, 2, 3) + __builtin_shufflevector(eight, eight, 4, 5, 6, 7);
  const float sum = (four[0] + four[2]) + (four[1] + four[3]);
  return metric == Metric::l2 ? sum : -sum;
}

float inner_product_baseline(const float* a, const float* b, std::size_t n) {
  return distance<Metric::inner_product>(a, b, n);
}
float l2_baseline(const float* a, const float* b, std::size_t n) {
  return distance<Metric::l2>(a, b, n);
}
constexpr DistanceFunctions kBaseline{inner_product_baseline, l2_baseline};

#if defined(__x86_64__)
[[gnu::target("avx2")]] float inner_product_avx2(const float* a, const float* b, std::size_t n) {
  return distance<Metric::inner_product>(a, b, n);
}
[[gnu::target("avx2")]] float l2_avx2(const float* a, const float* b, std::size_t n) {
  return distance<Metric::l2>(a, b, n);
}
[[gnu::target("avx512f")]] float inner_product_avx512(const float* a, const float* b, std::size_t n) {
  return distance<Metric::inner_product>(a, b, n);
}
[[gnu::target("avx512f")]] float l2_avx512(const float* a, const float* b, std::size_t n) {
  return distance<Metric::l2>(a, b, n);
}
constexpr DistanceFunctions kAvx2{inner_product_avx2, l2_avx2};
constexpr DistanceFunctions kAvx512{inner_product_avx512, l2_avx512};
#endif

const DistanceFunctions& fastest() {
  static const DistanceFunctions* const kFastest = [] {
    for (Simd simd : {Simd::avx512, Simd::avx2})
      if (const DistanceFunctions* functions = distance_functions(simd)) return functions;
    return &kBaseline;
  }();
  return *kFastest;
}

}  // namespace

const DistanceFunctions* distance_functions(Simd simd) {
#if defined(__x86_64__)
  if (simd == Simd::avx512) return __builtin_cpu_supports("avx512f") ? &kAvx512 : nullptr;
  if (simd == Simd::avx2) return __builtin_cpu_supports("avx2") ? &kAvx2 : nullptr;
#endif
  return simd == Simd::baseline ? &kBaseline : nullptr;
}

DistanceFunction distance_function(Metric metric) {
  return metric == Metric::l2 ? fastest().l2 : fastest().inner_product;
}

float score_of(Metric metric, float distance) {
  switch (metric) {
    case Metric::cosine:  // two vectors of length 1, rounded, can seem a little nearer than that
      return std::clamp(-distance, -1.0f, 1.0f);
    case Metric::inner_product:
      return -distance;
    case Metric::l2:
      return 0.0f - std::sqrt(distance);  // never -0
  }
  return 0;
}

}  // namespace troupe::memory
