#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace troupe::memory {

/// A candidate that was chosen, and why.
struct MmrChoice {
  std::size_t index = 0;  ///< among the candidates
  double relevance = 0;   ///< cosine similarity to the query
  double redundancy = 0;  ///< the most similar of those chosen before; 0 for the first
  double score = 0;       ///< lambda · relevance - (1 - lambda) · redundancy
  bool operator==(const MmrChoice&) const = default;
};

/// Maximal marginal relevance: chooses `k` candidates one after the other, each the one with the greatest
///     lambda · cos(candidate, query) - (1 - lambda) · max over those chosen before of cos(candidate, chosen)
/// Carbonell, Goldstein: "The use of MMR, diversity-based reranking for reordering documents and producing
/// summaries", SIGIR 1998, with cosine similarity for both. lambda 1 is relevance only, 0 difference only, as
/// lambda_mult is in LangChain. The first choice is the most relevant one, also with lambda 0, where the
/// formula leaves it open. Equal scores: the earlier candidate.
///
/// All vectors have the query's length; a vector of zeros is similar to nothing. Fewer candidates than `k`:
/// all of them. O(k · candidates · dimensions), in memory O(candidates). The same on every machine. Pure; any
/// thread.
std::vector<MmrChoice> mmr(std::span<const float> query, std::span<const std::span<const float>> candidates,
                           std::size_t k, double lambda);

/// Cosine similarity of two vectors of one length; 0 when one is all zeros.
double cosine(std::span<const float> a, std::span<const float> b);

}  // namespace troupe::memory
