#pragma once

#include "models/governor/governor.h"
#include "models/governor/retry_policy.h"
#include "models/model.h"

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::models {

/// A model whose calls go by its endpoint's governor. Calls that failed for a reason that passes are made
/// again: never once a token was forwarded, never past the deadline, at most 1 + retries attempts, where a
/// refusal that a call waited through counts as one. Each retry is a `warning` event with code "model_retry",
/// a long wait for its turn one with code "model_waits". Loop thread.
class Governed final : public Model {
 public:
  /// `reply_tokens`: what a reply may have at most, 0 when nothing says; for rates. `rng` outlives the model.
  Governed(std::shared_ptr<Model> model, std::shared_ptr<Governor> governor, RetryPolicy policy,
           std::int64_t reply_tokens, Rng& rng);

  /// The last attempt's error when none succeeds; it says how many there were.
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return model_->name(); }

 private:
  struct Attempts;

  Task<Result<Governor::Permit>> enter(Attempts& attempts, std::int64_t tokens, CallContext& context);
  std::optional<Milliseconds> wait(Error& error, const Attempts& attempts, const CallContext& context);
  std::int64_t estimate(const ModelRequest& request) const;

  std::shared_ptr<Model> model_;
  const std::shared_ptr<Governor> governor_;
  const RetryPolicy policy_;
  const std::int64_t reply_tokens_;
  Rng& rng_;
};

}  // namespace troupe::models
