#pragma once

#include "memory/knowledge/search/hit.h"
#include "memory/knowledge/search/model_call.h"
#include "memory/knowledge/search/ranking.h"

#include <string>
#include <vector>

namespace troupe::memory {

/// Hits in a new order, or as they were.
struct Reranked {
  std::vector<Hit> hits;  ///< all that were given
  std::string remark;     ///< why they are in the order in which they came; "": the model decided
};

/// Puts hits in the order in which a model finds them to answer the query: it is shown each with a number,
/// title and text as data (prompt `rerank`). A hit that got a score has it as ScoreKind::rerank, and each one
/// named a Placing. Hits it did not name follow in their order, as do those past kShownPassages. A model that
/// fails or answers something else leaves the order as it was, with a remark and a warning event
/// `rerank_failed`. Errors: only cancelled or timeout, when the context's stop was requested.
Task<Result<Reranked>> reranked(models::Model& model, const prompts::Prompt& prompt, std::string query,
                                std::vector<Hit> hits, const models::UseSink& spent, CallContext& context);

/// What the model is shown. Pure.
Json rerank_data(std::string_view query, const std::vector<Hit>& hits);

/// The hits in a model's order. Pure.
std::vector<Hit> in_order(std::vector<Hit> hits, const Ranking& ranking);

}  // namespace troupe::memory
