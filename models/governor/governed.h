#pragma once

#include "models/governor/governor.h"
#include "models/governor/retry_policy.h"
#include "models/model.h"

#include <cstdint>
#include <memory>
#include <string>

namespace troupe::models {

/// A model whose calls go by its endpoint's governor, as governed_call.h says; they are never made again once
/// a token was forwarded. Loop thread.
class Governed final : public Model {
 public:
  /// `reply_tokens`: what a reply may have at most, 0 when nothing says; for rates. `rng` outlives the model.
  Governed(std::shared_ptr<Model> model, std::shared_ptr<Governor> governor, RetryPolicy policy,
           std::int64_t reply_tokens, Rng& rng);

  /// The last attempt's error when none succeeds; it says how many there were.
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return model_->name(); }

 private:
  std::int64_t estimate(const ModelRequest& request) const;

  std::shared_ptr<Model> model_;
  const std::shared_ptr<Governor> governor_;
  const RetryPolicy policy_;
  const std::int64_t reply_tokens_;
  const std::string who_;
  Rng& rng_;
};

}  // namespace troupe::models
