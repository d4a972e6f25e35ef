#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace troupe::memory {

/// Which documents a question is about, by id: how much. 0 and less: judged, and not about it.
using Relevance = std::map<std::string, int, std::less<>>;

struct ScoredId {
  std::string id;
  double score = 0;
};

/// The ids, best first; equal scores by id, the last first, as trec_eval orders them.
std::vector<std::string> ranked(std::vector<ScoredId> found);

/// Figures of one question, each 0 … 1, as trec_eval defines them; `k`: only so much of the ranking counts.
struct RankingScores {
  double recall = 0;             ///< of the relevant documents, how many are found
  double precision = 0;          ///< relevant ones by k, also where fewer were found
  double hit = 0;                ///< 1: one is found
  double reciprocal_rank = 0;    ///< 1 / the place of the first one
  double ndcg = 0;               ///< Järvelin & Kekäläinen 2002: gain is the grade, by log2(place + 1)
  double average_precision = 0;  ///< precision at the place of each one, by the number of relevant ones
};

/// How good a ranking is, best id first. An id that comes again is not counted: the places behind it move up.
/// `k` = 0: the whole ranking; precision is then by its length. Nothing where no document is relevant: recall
/// and nDCG have no value then, and the question is to be left out of every mean and counted. Pure; any
/// thread.
std::optional<RankingScores> score_ranking(std::span<const std::string> ranking, const Relevance& relevant,
                                           std::size_t k);

}  // namespace troupe::memory
