#pragma once

#include "memory/evaluation/cases.h"
#include "memory/evaluation/ranking.h"
#include "memory/evaluation/report.h"
#include "memory/knowledge/search/settings.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::app {

/// One way of searching, which is held against others on the same cases.
struct SearchSetup {
  std::string knowledge;                   ///< "": the base that each case names
  std::optional<memory::SearchMode> mode;  ///< nothing: as the base says
};

/// A question that was searched for.
struct RetrievalSample {
  memory::RetrievalCase question;
  std::string mode;                             ///< that was searched with
  std::vector<std::string> ranking;             ///< documents, best first
  std::optional<memory::RankingScores> scores;  ///< nothing: no document is relevant
  std::string failure;                          ///< why there is no ranking; empty: there is one
  std::int64_t us = 0;
};

/// What one way of searching gave.
struct RetrievalResult {
  SearchSetup setup;
  std::string mode;  ///< of its searches
  std::vector<RetrievalSample> samples;

  std::size_t failed() const;
  /// The middle one of all searches.
  double median_ms() const;
};

/// recall@k, MRR@k and nDCG@k with their intervals. Questions without a relevant document are left out; a
/// search that failed found nothing. Pure.
std::vector<memory::Measure> measures_of(const RetrievalResult& result, std::size_t k);

/// Ways of searching below each other. Pure.
std::string retrieval_table(const std::vector<RetrievalResult>& results, std::size_t k);

/// What one question gave: id, line, query, knowledge, mode, ranking, places of the relevant ones, scores.
Json to_json(const RetrievalSample& sample, const std::string& knowledge);

}  // namespace troupe::app
