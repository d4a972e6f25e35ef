#include "models/embedders/governed_embedder.h"

#include "models/governor/governed_call.h"
#include "models/token_estimate.h"

#include <optional>
#include <utility>

namespace troupe::models {

GovernedEmbedder::GovernedEmbedder(std::shared_ptr<Embedder> embedder, std::shared_ptr<Governor> governor,
                                   RetryPolicy policy, Rng& rng)
    : embedder_(std::move(embedder)),
      governor_(std::move(governor)),
      policy_(policy),
      who_("embedder " + embedder_->name()),
      rng_(rng) {}

Task<Result<Vectors>> GovernedEmbedder::embed(std::vector<std::string> texts, CallContext& context) {
  return governed(std::move(texts), context, &Embedder::embed);
}

Task<Result<Vectors>> GovernedEmbedder::embed_queries(std::vector<std::string> texts, CallContext& context) {
  return governed(std::move(texts), context, &Embedder::embed_queries);
}

Task<Result<Vectors>> GovernedEmbedder::governed(std::vector<std::string> texts, CallContext& context,
                                                 Request request) {
  std::int64_t tokens = 0;
  if (governor_->counts_tokens())
    for (const std::string& text : texts) tokens += estimate_tokens(text);
  GovernedCall call(*governor_, policy_, rng_, who_, context);
  for (;;) {
    Result<Governor::Permit> entered = co_await call.enter(tokens);
    if (!entered) co_return fail(std::move(entered.error()));
    std::optional<Governor::Permit> permit(std::move(*entered));
    std::vector<std::string> again = texts;
    Result<Vectors> vectors = co_await ((*embedder_).*request)(std::move(again), context);
    if (vectors) {
      permit->succeeded(vectors->usage);
      co_return vectors;
    }
    if (context.stop.requested()) co_return vectors;
    permit->failed(vectors.error());
    permit.reset();
    if (!co_await call.again(vectors.error())) co_return vectors;
  }
}

}  // namespace troupe::models
