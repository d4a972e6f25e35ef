#pragma once

#include "memory/knowledge/search/chunk_source.h"
#include "memory/knowledge/search/model_call.h"
#include "memory/knowledge/search/settings.h"
#include "memory/knowledge/search/text_reading.h"
#include "models/embedder.h"
#include "models/model.h"
#include "prompts/prompt.h"
#include "runtime/async/offload.h"

#include <memory>
#include <string>
#include <vector>

namespace troupe::memory {

/// What a search found.
struct Retrieved {
  std::vector<Hit> hits;             ///< best first
  std::vector<std::string> remarks;  ///< what was done otherwise than asked for, in whole sentences
};

/// Searches one knowledge base. One search is these steps, each done where the settings ask for it:
///
///   candidates   by mode: similarity, threshold and mmr by the query's vector, keyword by its words, hybrid
///                by both; `k` of them, or `fetch_k` where mmr, hybrid or rerank choose among them
///   choice       mmr and hybrid: the best `k`, or all of them (not of mmr) when a model chooses after that
///   rerank       a model puts them in order; the best `top_n` (or `k`) stay
///   expansion    to neighbours or the parent document; hits whose texts touch become one
///   compression  only the sentences that matter stay
///
/// Loop thread only; services outlive it. Long computations are done on the workers.
class Retriever {
 public:
  struct Services {
    ChunkSource& source;
    std::shared_ptr<models::Embedder> embedder;  ///< null: only mode keyword
    const models::ModelTable& models;            ///< of rerank and compress
    const prompts::PromptSet& prompts;           ///< rerank, compress
    TextReading reading;
    Workers& workers;
    double similarity_weight = kSimilarityWeight;  ///< in hybrid, where the settings do not say
    /// Told of what embedding and calls of models use, also of a search that fails.
    models::UseSink spent = [](models::ModelUse) {};
  };

  explicit Retriever(Services services) : services_(std::move(services)) {}

  /// What retrieve() would answer before it looks at anything: invalid, too_large, not_found (a model) and
  /// unavailable of its errors.
  Result<> check(std::string query, SearchSettings settings, CallContext& context);
  /// Concurrent searches are fine. Finding nothing is no error. What a model of rerank or compress cannot do
  /// is done without it, with a remark and a warning event. Errors: invalid (settings, a blank query),
  /// too_large (a query past kSearchQueryBytes), not_found (a model that is not there, a document),
  /// unavailable (vectors without an embedder), those of the embedder and of the source, cancelled.
  Task<Result<Retrieved>> retrieve(std::string query, SearchSettings settings, CallContext& context);

 private:
  Services services_;
};

}  // namespace troupe::memory
