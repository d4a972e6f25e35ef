#pragma once

#include "models/limits.h"
#include "models/model.h"
#include "runtime/async/loop.h"
#include "runtime/base/ids.h"

#include <chrono>
#include <memory>
#include <optional>

namespace troupe::models {

/// When and how long to wait before a call is tried again. Pure.
struct RetryPolicy {
  int retries = limits::kModelRetries;                          ///< attempts after the first
  std::chrono::milliseconds first = limits::kBackoffFirst;      ///< doubled at each further attempt …
  std::chrono::milliseconds longest = limits::kBackoffLongest;  ///< … up to this
  std::chrono::milliseconds ask_max =
      limits::kRetryAfterMax;  ///< a server that asks for more is not waited for

  /// The wait before attempt `attempt` (2 is the first retry): what the server asked for and a little more,
  /// so that many callers do not come back at once; else half to all of the doubled step. `random` is any 64
  /// bits. Nothing: do not try again.
  std::optional<std::chrono::milliseconds> wait(const Error& error, int attempt, std::uint64_t random) const;
};

/// Repeats calls of another model that failed for a reason that passes: never once a token was forwarded,
/// never past the deadline, at most 1 + retries attempts. Each retry is a `warning` event with code
/// "model_retry". Loop thread.
class Retrying final : public Model {
 public:
  /// `rng` outlives the model.
  Retrying(std::shared_ptr<Model> model, RetryPolicy policy, Rng& rng);

  /// The last attempt's error when none succeeds; it says how many there were.
  Task<Result<ModelReply>> complete(ModelRequest request, TokenSink& sink, CallContext& context) override;
  const std::string& name() const override { return model_->name(); }

 private:
  std::shared_ptr<Model> model_;
  RetryPolicy policy_;
  Rng& rng_;
};

}  // namespace troupe::models
