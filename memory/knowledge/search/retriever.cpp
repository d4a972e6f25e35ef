#include "memory/knowledge/search/retriever.h"

#include "memory/knowledge/search/limits.h"
#include "memory/knowledge/search/mmr.h"
#include "memory/knowledge/search/rerank.h"
#include "memory/knowledge/search/retrieval.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// Multiplications that take about 1 ms.
constexpr std::size_t kOnLoop = 5'000'000;

std::vector<MmrChoice> different(const std::vector<float>& query, const std::vector<Candidate>& candidates,
                                 std::size_t k, double lambda) {
  std::vector<std::span<const float>> vectors;
  for (const Candidate& candidate : candidates) vectors.emplace_back(candidate.vector);
  return mmr(query, vectors, k, lambda);
}

RankedList as_list(const std::vector<Candidate>& candidates, ScoreKind kind, double weight) {
  RankedList list{.kind = kind, .weight = weight, .rows = {}};
  for (const Candidate& candidate : candidates) list.rows.push_back({candidate.chunk, candidate.score});
  return list;
}

}  // namespace

Result<> Retrieval::check() const {
  if (models::builtin::trim(query_).empty())
    return fail(ErrorCode::invalid, "the query is empty; say what to search for");
  if (query_.size() > limits::kSearchQueryBytes)
    return fail(ErrorCode::too_large,
                fmt::format("the query has {} bytes; at most {}", query_.size(), limits::kSearchQueryBytes));
  std::string problems;
  for (const SettingsProblem& problem : settings_.check())
    problems += fmt::format("{}`{}` {}", problems.empty() ? "" : "; ", problem.field, problem.text);
  if (!problems.empty()) return fail(ErrorCode::invalid, "search: " + problems);
  if (settings_.needs_vectors() && !services_.embedder)
    return fail(ErrorCode::unavailable, fmt::format("mode {} needs an embedder, and this knowledge base has "
                                                    "none; name one as its `embedding`, or use mode keyword",
                                                    word(settings_.mode)));
  // Before anything is spent.
  for (auto [model, prompt] :
       {std::pair(&settings_.rerank.model, "rerank"), {&settings_.compress.model, "compress"}})
    if (!model->empty())
      if (auto there = asked(*model, prompt); !there) return fail(std::move(there.error()));
  return {};
}

Result<Retrieval::Asked> Retrieval::asked(const std::string& model, std::string_view prompt) const {
  const auto found = services_.models.find(model);
  if (found == services_.models.end())
    return fail(ErrorCode::not_found, fmt::format("{}: there is no model `{}` in `models:`", prompt, model));
  const prompts::Prompt* text = services_.prompts.find(prompt);
  if (!text) return fail(ErrorCode::not_found, fmt::format("there is no prompt `{}`", prompt));
  return Asked{found->second, text};
}

CandidateQuery Retrieval::wanted() const {
  return {.count = settings_.candidates(),
          .filter = settings_.filter,
          .document = settings_.document,
          .vectors = settings_.mode == SearchMode::mmr};
}

Task<Result<models::Vectors>> Retrieval::embed(std::vector<std::string> texts, bool queries) {
  const Instant asked_at = context_.loop.clock().now();
  models::Embedder& embedder = *services_.embedder;
  auto vectors = queries ? co_await embedder.embed_queries(std::move(texts), context_)
                         : co_await embedder.embed(std::move(texts), context_);
  if (!vectors) co_return vectors;
  const auto ms = std::chrono::duration_cast<Milliseconds>(context_.loop.clock().now() - asked_at).count();
  services_.spent({.model = "embeddings/" + services_.embedder->name(), .usage = vectors->usage, .ms = ms});
  co_return vectors;
}

Task<Result<std::vector<Candidate>>> Retrieval::nearest() {
  std::vector<std::string> texts{query_};
  auto vectors = co_await embed(std::move(texts), true);
  if (!vectors) co_return fail(std::move(vectors.error()));
  if (vectors->rows() != 1)
    co_return fail(ErrorCode::protocol, fmt::format("embedder {} gave {} vectors for the query",
                                                    services_.embedder->name(), vectors->rows()));
  query_vector_ = std::move(vectors->values);
  co_return co_await services_.source.nearest(query_vector_, wanted(), context_);
}

Task<Result<std::vector<Candidate>>> Retrieval::by_words() {
  co_return co_await services_.source.keyword(query_, wanted(), context_);
}

std::vector<Retrieval::Found> Retrieval::as_found(const std::vector<Candidate>& candidates, ScoreKind kind) {
  std::vector<Found> found;
  for (const Candidate& candidate : candidates)
    found.push_back({candidate.chunk, candidate.score, kind, {{kind, found.size() + 1, candidate.score}}});
  return found;
}

Task<Result<std::vector<Retrieval::Found>>> Retrieval::find() {
  if (settings_.mode == SearchMode::mmr) co_return co_await choose_different();
  if (settings_.mode == SearchMode::hybrid) co_return co_await fuse();
  const bool words = settings_.mode == SearchMode::keyword;
  auto candidates = words ? co_await by_words() : co_await nearest();
  if (!candidates) co_return fail(std::move(candidates.error()));
  if (settings_.mode == SearchMode::threshold)
    std::erase_if(*candidates, [this](const Candidate& c) { return c.score < *settings_.min_score; });
  co_return as_found(*candidates, words ? ScoreKind::bm25 : ScoreKind::cosine);
}

Task<Result<std::vector<Retrieval::Found>>> Retrieval::choose_different() {
  auto candidates = co_await nearest();
  if (!candidates) co_return fail(std::move(candidates.error()));
  for (const Candidate& candidate : *candidates)
    if (candidate.vector.size() != query_vector_.size())
      co_return fail(ErrorCode::internal,
                     fmt::format("chunk {} came with a vector of {} numbers, the query's has {}",
                                 candidate.chunk, candidate.vector.size(), query_vector_.size()));
  std::vector<Found> found = as_found(*candidates, ScoreKind::cosine);
  const std::size_t work =
      candidates->size() * query_vector_.size() * std::min(settings_.k, candidates->size());
  std::vector<MmrChoice> choices;
  if (work <= kOnLoop) {
    choices = different(query_vector_, *candidates, settings_.k, settings_.lambda);
  } else {
    auto own = [vector = query_vector_, candidates = std::move(*candidates), k = settings_.k,
                lambda = settings_.lambda] { return different(vector, candidates, k, lambda); };
    choices = co_await offload(context_.loop, services_.workers, std::move(own));
  }
  std::vector<Found> chosen;
  for (const MmrChoice& choice : choices) {
    Found& one = found[choice.index];
    one.score = choice.score;
    one.kind = ScoreKind::mmr;
    one.placings.push_back({ScoreKind::mmr, chosen.size() + 1, choice.score});
    chosen.push_back(std::move(one));
  }
  co_return chosen;
}

Task<Result<std::vector<Retrieval::Found>>> Retrieval::fuse() {
  auto near = co_await nearest();
  if (!near) co_return fail(std::move(near.error()));
  auto worded = co_await by_words();
  if (!worded) co_return fail(std::move(worded.error()));
  const SearchSettings::Hybrid& hybrid = settings_.hybrid;
  const double weight = hybrid.similarity_weight.value_or(services_.similarity_weight);
  const RankedList lists[] = {as_list(*near, ScoreKind::cosine, weight),
                              as_list(*worded, ScoreKind::bm25, hybrid.keyword_weight)};
  const bool rrf = hybrid.fusion == SearchSettings::Hybrid::Fusion::rrf;
  std::vector<Fused> fused =
      rrf ? reciprocal_rank_fusion(lists, hybrid.rrf_k) : weighted_fusion(lists, hybrid.normalise);
  const std::size_t most = settings_.rerank.model.empty() ? settings_.k : settings_.candidates();
  if (fused.size() > most) fused.resize(most);
  std::vector<Found> found;
  for (Fused& one : fused)
    found.push_back(
        {one.chunk, one.score, rrf ? ScoreKind::rrf : ScoreKind::weighted, std::move(one.placings)});
  co_return found;
}

Task<Result<std::vector<Hit>>> Retrieval::load(std::vector<Found> found) {
  std::vector<std::int64_t> ids;
  for (const Found& one : found) ids.push_back(one.chunk);
  if (ids.empty()) co_return std::vector<Hit>();
  auto chunks = co_await services_.source.load(std::move(ids), context_);
  if (!chunks) co_return fail(std::move(chunks.error()));
  std::unordered_map<std::int64_t, StoredChunk*> stored;
  for (StoredChunk& chunk : *chunks) stored.emplace(chunk.id, &chunk);
  std::vector<Hit> hits;
  for (Found& one : found) {
    const auto chunk = stored.find(one.chunk);
    if (chunk == stored.end()) continue;  // deleted since it was found
    Hit& hit = hits.emplace_back(hit_of(std::move(*chunk->second)));
    hit.score = one.score;
    hit.score_kind = one.kind;
    hit.placings = std::move(one.placings);
  }
  co_return hits;
}

Task<Result<>> Retrieval::rerank(std::vector<Hit>& hits) {
  if (settings_.rerank.model.empty() || hits.empty()) co_return Result<>();
  auto judge = asked(settings_.rerank.model, "rerank");
  if (!judge) co_return fail(std::move(judge.error()));
  auto ordered =
      co_await reranked(*judge->model, *judge->prompt, query_, std::move(hits), services_.spent, context_);
  if (!ordered) co_return fail(std::move(ordered.error()));
  hits = std::move(ordered->hits);
  if (hits.size() > settings_.hits()) hits.resize(settings_.hits());
  if (!ordered->remark.empty()) out_.remarks.push_back(std::move(ordered->remark));
  co_return Result<>();
}

Task<Result<Retrieved>> Retrieval::run() {
  if (auto good = check(); !good) co_return fail(std::move(good.error()));
  auto found = co_await find();
  if (!found) co_return fail(std::move(found.error()));
  auto hits = co_await load(std::move(*found));
  if (!hits) co_return fail(std::move(hits.error()));
  if (auto done = co_await rerank(*hits); !done) co_return fail(std::move(done.error()));
  if (auto done = co_await expand(*hits); !done) co_return fail(std::move(done.error()));
  if (auto done = co_await compress(*hits); !done) co_return fail(std::move(done.error()));
  out_.hits = std::move(*hits);
  co_return std::move(out_);
}

Result<> Retriever::check(std::string query, SearchSettings settings, CallContext& context) {
  return Retrieval(services_, std::move(query), std::move(settings), context).check();
}

Task<Result<Retrieved>> Retriever::retrieve(std::string query, SearchSettings settings,
                                            CallContext& context) {
  Retrieval retrieval(services_, std::move(query), std::move(settings), context);
  co_return co_await retrieval.run();
}

}  // namespace troupe::memory
