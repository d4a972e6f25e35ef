#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace troupe::memory {

/// A figure of many cases and how far it would move, had other cases of the same kind been tried.
struct Estimate {
  double value = 0;
  double low = 0, high = 0;  ///< 95 % interval
  std::size_t n = 0;         ///< cases it is made of
};

/// Percentile bootstrap (Efron & Tibshirani 1993, ch. 13): so many times, as many cases are drawn as there
/// are, each possibly again; the interval is from the 2.5th to the 97.5th percentile of their figures,
/// between two of them by linear interpolation. Drawn with SplitMix64 (Steele et al. 2014) from a fixed seed:
/// the same cases have the same interval, on every machine.
inline constexpr std::size_t kResamples = 1'000;
inline constexpr std::uint64_t kResampleSeed = 20261129;
/// Draws of one estimate; more cases than kDrawsMax / kResamples are resampled less often, but kResamplesMin
/// times.
inline constexpr std::size_t kDrawsMax = 50'000'000;
inline constexpr std::size_t kResamplesMin = 200;

/// The mean. Nothing of nothing. Of one case the interval is that case: it says nothing. Values that are all
/// the same (every answer right) have an interval without width, which is narrower than the truth. Pure; any
/// thread.
std::optional<Estimate> estimate_mean(std::span<const double> values);

/// The same for a figure that is no mean: `figure` gets the numbers of the cases drawn, each below `cases`.
std::optional<Estimate> estimate(std::size_t cases,
                                 const std::function<double(std::span<const std::uint32_t>)>& figure);

}  // namespace troupe::memory
