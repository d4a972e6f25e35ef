#include "memory/knowledge/search/rerank.h"

#include "memory/knowledge/search/limits.h"
#include "models/builtin/utf8.h"
#include "models/warning.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

Json rerank_data(std::string_view query, const std::vector<Hit>& hits) {
  Json passages = Json::array();
  for (std::size_t i = 0; i < std::min(hits.size(), limits::kShownPassages); ++i) {
    Json passage = {{"index", i + 1}};
    if (!hits[i].title.empty())
      passage["title"] = models::builtin::clip(hits[i].title, limits::kShownPassageBytes);
    passage["text"] = models::builtin::clip(hits[i].text, limits::kShownPassageBytes);
    passages.push_back(std::move(passage));
  }
  return {{"query", query}, {"passages", std::move(passages)}};
}

std::vector<Hit> in_order(std::vector<Hit> hits, const Ranking& ranking) {
  std::vector<Hit> out;
  for (std::size_t i = 0; i < ranking.order.size(); ++i) {
    const Verdict& verdict = ranking.order[i];
    Hit& hit = hits[verdict.index];
    if (i < ranking.named) hit.placings.push_back({ScoreKind::rerank, i + 1, verdict.score.value_or(0)});
    if (verdict.score) {
      hit.score = *verdict.score;
      hit.score_kind = ScoreKind::rerank;
    }
    out.push_back(std::move(hit));
  }
  for (std::size_t i = ranking.order.size(); i < hits.size(); ++i) out.push_back(std::move(hits[i]));
  return out;
}

Task<Result<Reranked>> reranked(models::Model& model, const prompts::Prompt& prompt, std::string query,
                                std::vector<Hit> hits, const models::UseSink& spent, CallContext& context) {
  if (hits.size() < 2) co_return Reranked{std::move(hits), ""};
  auto reply =
      co_await ask_model(model, models::Intent::rerank, prompt, rerank_data(query, hits), spent, context);
  if (!reply && context.stop.requested()) co_return fail(std::move(reply.error()));
  auto ranking = reply ? read_ranking(*reply, std::min(hits.size(), limits::kShownPassages))
                       : Result<Ranking>(fail(std::move(reply.error())));
  if (ranking) co_return Reranked{in_order(std::move(hits), *ranking), ""};
  std::string remark =
      fmt::format("model {} did not put the hits in order, they stand as they were found: {}", model.name(),
                  ranking.error().message);
  models::warn(context, "rerank_failed", remark);
  co_return Reranked{std::move(hits), std::move(remark)};
}

}  // namespace troupe::memory
