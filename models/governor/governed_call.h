#pragma once

#include "models/governor/governor.h"
#include "models/governor/retry_policy.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <string>

namespace troupe::models {

/// One call's way by its endpoint's governor, attempt after attempt, whatever the call is for: it waits for
/// leave, and once an attempt failed for a reason that passes it waits again, never past the deadline, at
/// most 1 + retries attempts, where a refusal that it waited through counts as one. Each retry is a `warning`
/// event with code "model_retry", a long wait for its turn one with code "model_waits". Loop thread.
class GovernedCall {
 public:
  /// `who` is what messages call it: "model main". All outlive the call.
  GovernedCall(Governor& governor, const RetryPolicy& policy, Rng& rng, const std::string& who,
               CallContext& context)
      : governor_(governor), policy_(policy), rng_(rng), who_(who), context_(context) {}

  /// Leave for the next attempt, of about `tokens`. Errors: as Governor::enter, naming who asked.
  Task<Result<Governor::Permit>> enter(std::int64_t tokens);
  /// An attempt failed, and its permit is given back. True once the next may be begun; else the error is the
  /// call's, and says how often it was tried.
  Task<bool> again(Error& error);

 private:
  int attempts() const { return own_ + shared_; }
  void name(Error& error) const;
  std::optional<Milliseconds> wait(Error& error);

  Governor& governor_;
  const RetryPolicy& policy_;
  Rng& rng_;
  const std::string& who_;
  CallContext& context_;
  int own_ = 0;
  int shared_ = 0;     // refusals of calls that went ahead
  bool told_ = false;  // a wait, to whoever watches
};

}  // namespace troupe::models
