#pragma once

#include "models/embedder.h"
#include "models/governor/governor.h"
#include "models/governor/retry_policy.h"
#include "runtime/base/ids.h"

#include <memory>
#include <string>

namespace troupe::models {

/// An embedder whose requests go by its endpoint's governor, as governor/governed_call.h says: what it asks
/// for counts together with what models ask of the same server with the same key. Loop thread only.
class GovernedEmbedder final : public Embedder {
 public:
  /// `rng` outlives the embedder.
  GovernedEmbedder(std::shared_ptr<Embedder> embedder, std::shared_ptr<Governor> governor, RetryPolicy policy,
                   Rng& rng);

  /// The last attempt's error when none succeeds; it says how many there were.
  Task<Result<Vectors>> embed(std::vector<std::string> texts, CallContext& context) override;
  const std::string& name() const override { return embedder_->name(); }
  std::size_t dimensions() const override { return embedder_->dimensions(); }
  EmbedderLimits limits() const override { return embedder_->limits(); }
  Task<Result<Vectors>> embed_queries(std::vector<std::string> texts, CallContext& context) override;
  std::string version() const override { return embedder_->version(); }

 private:
  using Request = Task<Result<Vectors>> (Embedder::*)(std::vector<std::string>, CallContext&);
  Task<Result<Vectors>> governed(std::vector<std::string> texts, CallContext& context, Request request);

  const std::shared_ptr<Embedder> embedder_;
  const std::shared_ptr<Governor> governor_;
  const RetryPolicy policy_;
  const std::string who_;
  Rng& rng_;
};

}  // namespace troupe::models
