#pragma once

#include "models/governor/circuit_breaker.h"
#include "models/governor/fair_queue.h"
#include "models/governor/rate_window.h"
#include "models/governor/retry_policy.h"
#include "models/governor/tenant_calls.h"
#include "models/governor/throttle.h"
#include "models/limits.h"
#include "models/message.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/ids.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace troupe::models {

/// What a governor holds everybody to.
struct GovernorRules {
  int concurrency = limits::kModelConcurrency;
  Rates rates;
  std::size_t queue = limits::kModelQueue;
  RetryPolicy pauses;
  BreakerRules breaker;
};

/// Lets calls to one endpoint with one key go, or wait, or fails them: so many at once, so many of one tenant
/// at all endpoints, so many requests and tokens a minute, none during a pause that the server asked for,
/// none while it fails all the time. Who waits is served in turn over tenants and their sessions, each of
/// which has one run at work: a team with all runs below it waits in one row; a tenant that has as many calls
/// at work as it may is passed over. Shared by everything that calls the endpoint; it does not call it
/// itself. Where nothing is limited and nothing has failed, a call costs it a few comparisons. Loop thread
/// only; it outlives its permits.
class Governor : private TenantCalls::Waiting {
 public:
  /// `endpoint` is what messages call it: "openai at https://api.openai.com/v1". `loop` and `rng` outlive it.
  /// `tenants`: shared with the governors of other endpoints; null: a tenant may have as many as there may
  /// be.
  Governor(std::string endpoint, GovernorRules rules, Loop& loop, Rng& rng,
           std::shared_ptr<TenantCalls> tenants = nullptr);
  ~Governor() override;
  Governor(const Governor&) = delete;
  Governor& operator=(const Governor&) = delete;

  /// Leave for one call. It is given back when it is destroyed, after what became of the call was told; a
  /// call of which nothing is told ended without saying anything about the endpoint.
  class Permit {
   public:
    Permit(Permit&& other) noexcept;
    Permit& operator=(Permit&&) = delete;
    ~Permit();
    /// The reply begins.
    void begun();
    void succeeded(const Usage& usage);
    void failed(const Error& error);

   private:
    friend class Governor;
    Permit(Governor& governor, std::string tenant, int episode, bool probe)
        : governor_(&governor), tenant_(std::move(tenant)), episode_(episode), probe_(probe) {}

    Governor* governor_;
    std::string tenant_;  // that it is counted for
    const int episode_;
    const bool probe_;
    bool begun_ = false;
    bool told_ = false;
    std::optional<RateWindow::Reservation> reserved_;
  };

  /// What a call brings to the queue.
  struct Turn {
    std::int64_t tokens = 0;  ///< an estimate of the request and its reply
    /// How many more refusals of the endpoint it puts up with: one of a call that went ahead is one of all
    /// that wait.
    int patience = 1;
    /// Called once when the wait is longer than kModelWaitTold, with the reason; may be empty.
    std::function<void(const std::string& reason)> waits;
    int refusals = 0;  ///< out: of others, while it waited
  };

  /// Leave at once, where nobody need wait.
  std::optional<Permit> try_enter(std::int64_t tokens, const std::string& tenant);
  /// Leave when its turn comes. Errors: unavailable (the breaker is open), busy (the queue is full), timeout
  /// (the deadline came, or is sure to come first), cancelled, model (the refusals it waited through). None
  /// of them leaves anything behind. `turn` and `context` outlive the call.
  Task<Result<Permit>> enter(Turn& turn, CallContext& context);

  /// After a call failed: whether the next is for the governor to delay, and until when.
  bool paused(Instant now) const { return !throttle_.free() && now < throttle_.opens_at(); }
  Instant opens_at() const { return throttle_.opens_at(); }
  /// Why no call can go now, where none will for a while; nothing else.
  std::optional<Error> closed(Instant now) const;

  bool counts_tokens() const { return rules_.rates.tokens > 0; }
  const std::string& endpoint() const { return endpoint_; }
  /// Another cap and other rates, from now on.
  void set(int concurrency, Rates rates);

  int at_work() const { return at_work_; }
  std::size_t waiting() const { return queue_.size(); }

 private:
  struct Waiter;
  /// What keeps a call: nothing, a time, the end of another call (Instant::max()), or for good.
  struct Verdict {
    std::optional<Error> error;
    std::optional<Instant> until;
  };

  Verdict judge(Instant now, std::int64_t tokens, const std::string& tenant);
  Permit admit(Instant now, std::int64_t tokens, const std::string& tenant);
  bool has_room(const std::string& tenant) const { return !tenants_ || tenants_->room(tenant); }
  void tenants_have_room() override { pump(); }
  void pump();
  void settle(Waiter& waiter, Result<Permit> outcome);
  void leave(Waiter& waiter, Error error);
  void count_refusal(const Error& error);
  void give_back(Permit& permit);
  std::string reason(Instant now, const std::string& tenant) const;
  std::string named(std::string_view text) const;

  const std::string endpoint_;
  GovernorRules rules_;
  Loop& loop_;
  Rng& rng_;
  const std::shared_ptr<TenantCalls> tenants_;
  int at_work_ = 0;
  RateWindow window_;
  CircuitBreaker breaker_;
  Throttle throttle_;
  std::string last_failure_;      // for who is told that the breaker is open
  std::optional<Error> refusal_;  // the last
  FairQueue<Waiter*> queue_;
  Loop::Alarm wake_;
  Instant wakes_at_ = Instant::max();
};

}  // namespace troupe::models
