#pragma once

#include "memory/knowledge/search/hit.h"

#include <cstdint>
#include <span>
#include <vector>

namespace troupe::memory {

/// One row of a ranked list.
struct Ranked {
  std::int64_t chunk = 0;
  double score = 0;
};

/// What one way of searching found, best first. A chunk that comes twice counts where it comes first.
struct RankedList {
  ScoreKind kind = ScoreKind::cosine;
  double weight = 1;  ///< at least 0
  std::vector<Ranked> rows;
};

/// A chunk of fused lists.
struct Fused {
  std::int64_t chunk = 0;
  double score = 0;
  std::vector<Placing> placings;  ///< in the order of the lists that have it
};

inline constexpr double kRrfK = 60;

/// Reciprocal rank fusion: the score of a chunk is the sum over the lists that have it of
/// weight / (k + rank), ranks from 1. The larger `k`, the less do first places count. Best first; equal
/// scores by their best rank, then by id: neither depends on the order of the lists. Cormack, Clarke,
/// Büttcher: "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR 2009,
/// with k = 60 and no weights.
std::vector<Fused> reciprocal_rank_fusion(std::span<const RankedList> lists, double k = kRrfK);

/// How the scores of a list become comparable with another's.
enum class Normalisation : std::uint8_t {
  min_max,  ///< (score - least) / (most - least): 0 … 1; all equal: 1
  z,        ///< (score - mean) / standard deviation of the list; all equal: 0
};

/// The weighted mean of normalised scores. A chunk that a list does not have gets nothing of it: 0 of
/// min_max, the list's lowest of z. An empty list says nothing, and with z neither does one of equal scores.
/// Order as above. All weights 0: scores are 0.
std::vector<Fused> weighted_fusion(std::span<const RankedList> lists, Normalisation normalisation);

}  // namespace troupe::memory
