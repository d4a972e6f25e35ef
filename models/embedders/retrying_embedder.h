#pragma once

#include "models/embedder.h"
#include "models/governor/retry_policy.h"
#include "runtime/base/ids.h"

#include <memory>

namespace troupe::models {

/// Repeats requests of another embedder that failed for a reason that passes: never past the deadline, at
/// most 1 + retries attempts. Each retry is a `warning` event with code "model_retry". Loop thread.
class RetryingEmbedder final : public Embedder {
 public:
  /// `rng` outlives the embedder.
  RetryingEmbedder(std::shared_ptr<Embedder> embedder, RetryPolicy policy, Rng& rng);

  /// The last attempt's error when none succeeds; it says how many there were.
  Task<Result<Vectors>> embed(std::vector<std::string> texts, CallContext& context) override;
  const std::string& name() const override { return embedder_->name(); }
  std::size_t dimensions() const override { return embedder_->dimensions(); }
  EmbedderLimits limits() const override { return embedder_->limits(); }

 private:
  std::shared_ptr<Embedder> embedder_;
  RetryPolicy policy_;
  Rng& rng_;
};

}  // namespace troupe::models
