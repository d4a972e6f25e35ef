#pragma once

#include "models/cache/flights.h"
#include "models/cache/reply_cache.h"
#include "models/model.h"

#include <chrono>
#include <memory>
#include <string>

namespace troupe::models {

/// Asks another model only what was not answered lately: the same question of the same tenant. A reply that
/// is given again comes as a stream, says so (ModelReply::cache_hit) and counts what it counted when it was
/// made. The same question in flight is asked once; those who ask it meanwhile get the reply when it is
/// whole.
///
/// Kept are whole replies: not errors, not what was cut (by who reads it, at the model's output limit), not
/// what a provider withheld, not an empty one. Loop thread only.
class CachedModel final : public Model {
 public:
  /// `cache` and `flights` outlive the model. `identity`: see model_identity().
  CachedModel(std::shared_ptr<Model> model, std::string identity, std::chrono::milliseconds ttl,
              ReplyCache& cache, Flights& flights);

  /// Errors: those of the model.
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return model_->name(); }

 private:
  Task<Result<ModelReply>> lead(std::string key, ModelRequest request, TokenSink& sink, CallContext& context);

  std::shared_ptr<Model> model_;
  const std::string identity_;
  const std::chrono::milliseconds ttl_;
  ReplyCache& cache_;
  Flights& flights_;
};

}  // namespace troupe::models
