#include "models/governor/governor.h"

#include "runtime/async/one_shot.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

double seconds(Instant::duration duration) {
  return std::max(0.0, std::chrono::duration<double>(duration).count());
}

// What is wrong with the endpoint itself, as against what it thinks of a request. One that says when to come
// back is well.
bool is_endpoint_failure(const Error& error) {
  return error.code == ErrorCode::network || (error.code == ErrorCode::timeout && error.retryable) ||
         (error.code == ErrorCode::unavailable && error.retryable) ||  // a plugin, which has no status
         (error.status >= 500 && !error.retry_after);
}

}  // namespace

/// A call that waits, in the frame of its coroutine.
struct Governor::Waiter {
  Waiter(Governor& owner, Turn& own, CallContext& call)
      : governor(owner), turn(own), context(call), done(call.loop) {}
  ~Waiter() { governor.queue_.remove(context.principal.tenant, context.session, this); }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  Governor& governor;
  Turn& turn;
  CallContext& context;
  OneShot<bool> done;
  std::optional<Result<Permit>> outcome;
};

Governor::Permit::Permit(Permit&& other) noexcept
    : governor_(std::exchange(other.governor_, nullptr)),
      tenant_(std::move(other.tenant_)),
      episode_(other.episode_),
      probe_(other.probe_),
      begun_(other.begun_),
      told_(other.told_),
      reserved_(other.reserved_) {}

Governor::Permit::~Permit() {
  if (governor_) governor_->give_back(*this);
}

void Governor::Permit::begun() {
  if (std::exchange(begun_, true)) return;
  governor_->breaker_.begun(probe_);
  governor_->throttle_.answered(episode_);
  governor_->pump();
}

void Governor::Permit::succeeded(const Usage& usage) {
  begun();
  told_ = true;
  governor_->breaker_.answered();
  if (reserved_) governor_->window_.correct(*reserved_, usage.input_tokens + usage.output_tokens);
}

void Governor::Permit::failed(const Error& error) {
  Governor& governor = *governor_;
  const Instant now = governor.loop_.clock().now();
  if (is_endpoint_failure(error)) {
    told_ = true;
    governor.breaker_.failed(now, probe_);
    governor.last_failure_ = error.message;
  } else if (error.status >= 400) {
    told_ = true;
    governor.breaker_.answered();
  }
  // What was refused used nothing.
  if (reserved_ && !begun_) governor.window_.correct(*reserved_, 0);
  if (!Throttle::is_refusal(error)) return;
  begun_ = true;  // the throttle has heard of it
  const bool fresh = governor.throttle_.refused(error, episode_, now, governor.rng_.next());
  governor.refusal_ = error;
  if (fresh) governor.count_refusal(error);
}

Governor::Governor(std::string endpoint, GovernorRules rules, Loop& loop, Rng& rng,
                   std::shared_ptr<TenantCalls> tenants)
    : endpoint_(std::move(endpoint)),
      rules_(rules),
      loop_(loop),
      rng_(rng),
      tenants_(std::move(tenants)),
      window_(rules.rates),
      breaker_(rules.breaker),
      throttle_(rules.pauses) {
  if (tenants_) tenants_->add(*this);
}

Governor::~Governor() {
  if (tenants_) tenants_->remove(*this);
}

void Governor::set(int concurrency, Rates rates) {
  rules_.concurrency = concurrency;
  rules_.rates = rates;
  window_.set(rates);
  pump();
}

std::string Governor::named(std::string_view text) const {
  return fmt::format("{} {}", endpoint_, text);
}

std::optional<Error> Governor::closed(Instant now) const {
  if (breaker_.admits(now)) return std::nullopt;
  const std::int64_t since =
      loop_.clock().wall_ms() - std::chrono::duration_cast<Milliseconds>(now - breaker_.since()).count();
  const std::string next = breaker_.tries_at() > now ? fmt::format("it is tried again in {:.1f} s",
                                                                   seconds(breaker_.tries_at() - now))
                                                     : "one call tries it now";
  Error error{ErrorCode::unavailable,
              named(fmt::format("is not asked since {}, after {} failures in a row; {}. The last failure: {}",
                                rfc3339(since), breaker_.failures(), next, last_failure_)),
              true};
  return error;
}

Governor::Verdict Governor::judge(Instant now, std::int64_t tokens, const std::string& tenant) {
  if (!breaker_.closed())
    if (auto error = closed(now)) return {.error = std::move(error)};
  if (!throttle_.free()) {
    if (throttle_.too_long(now)) return {.error = refusal_};
    if (now < throttle_.opens_at()) return {.until = throttle_.opens_at()};
    if (!throttle_.room()) return {.until = Instant::max()};
  }
  if (at_work_ >= rules_.concurrency || !has_room(tenant)) return {.until = Instant::max()};
  if (rules_.rates.unlimited()) return {};
  if (const Instant at = window_.free_at(now, tokens); at > now) return {.until = at};
  return {};
}

Governor::Permit Governor::admit(Instant now, std::int64_t tokens, const std::string& tenant) {
  ++at_work_;
  if (tenants_) tenants_->take(tenant);
  Permit permit(*this, tenant, throttle_.enter(), breaker_.enter(now));
  if (!rules_.rates.unlimited()) permit.reserved_ = window_.take(now, tokens);
  return permit;
}

std::optional<Governor::Permit> Governor::try_enter(std::int64_t tokens, const std::string& tenant) {
  if (!queue_.empty()) return std::nullopt;
  const bool calm = breaker_.closed() && throttle_.free() && rules_.rates.unlimited();
  if (calm) {
    if (at_work_ >= rules_.concurrency || !has_room(tenant)) return std::nullopt;
    return admit({}, tokens, tenant);
  }
  const Instant now = loop_.clock().now();
  const Verdict verdict = judge(now, tokens, tenant);
  if (verdict.error || verdict.until) return std::nullopt;
  return admit(now, tokens, tenant);
}

Task<Result<Governor::Permit>> Governor::enter(Turn& turn, CallContext& context) {
  if (context.stop.requested()) co_return fail(stopped(endpoint_, context.stop.reason()));
  const Instant came = loop_.clock().now();
  const std::string& tenant = context.principal.tenant;
  const Verdict verdict = judge(came, turn.tokens, tenant);
  if (verdict.error) co_return fail(*verdict.error);
  const bool knows = verdict.until && *verdict.until != Instant::max();
  if (knows && *verdict.until >= context.deadline.at())
    co_return fail(
        ErrorCode::timeout,
        named(fmt::format("cannot be asked in time: {}; the deadline comes first", reason(came, tenant))));
  if (queue_.size() >= rules_.queue)
    co_return fail(
        Error{ErrorCode::busy,
              named(fmt::format("has {} calls waiting for their turn already: {}; try later, or allow "
                                "more with `concurrency`",
                                queue_.size(), reason(came, tenant))),
              true});
  Waiter waiter(*this, turn, context);
  queue_.push(tenant, context.session, &waiter);
  // Who stood behind the one that leaves may be small enough to go.
  auto hook = context.stop.on_request([&] {
    leave(waiter, stopped(named("was waited for"), context.stop.reason()));
    pump();
  });
  Loop::Alarm late;
  if (!context.deadline.none())
    late = loop_.at(context.deadline.at(), [&] {
      leave(waiter, {ErrorCode::timeout, named(fmt::format("could not be asked in time: {}",
                                                           reason(loop_.clock().now(), tenant)))});
      pump();
    });
  Loop::Alarm tell;
  if (turn.waits) {
    const bool long_wait = knows && *verdict.until - came > limits::kModelWaitTold;
    if (long_wait)
      turn.waits(named(reason(came, tenant)));
    else
      tell = loop_.at(came + limits::kModelWaitTold, [&] {
        if (!waiter.outcome) turn.waits(named(reason(loop_.clock().now(), tenant)));
      });
  }
  pump();
  co_await waiter.done.wait();
  if (*waiter.outcome && context.stop.requested())
    co_return fail(stopped(named("was waited for"), context.stop.reason()));
  co_return std::move(*waiter.outcome);
}

// Lets go who may, in turn. Nobody of another tenant with room passes the one whose turn it is, or a large
// call would wait for ever.
void Governor::pump() {
  if (queue_.empty()) return;
  const Instant now = loop_.clock().now();
  while (!queue_.empty()) {
    Waiter** turn = queue_.front_of([this](const std::string& tenant) { return has_room(tenant); });
    Waiter& next = turn ? **turn : *queue_.front();
    const std::string& tenant = next.context.principal.tenant;
    Verdict verdict = judge(now, next.turn.tokens, tenant);
    if (verdict.error) {
      leave(next, std::move(*verdict.error));
      continue;
    }
    if (!verdict.until) {
      queue_.pop(tenant);
      settle(next, admit(now, next.turn.tokens, tenant));
      continue;
    }
    if (*verdict.until != Instant::max() && *verdict.until != wakes_at_) {
      wakes_at_ = *verdict.until;
      wake_ = loop_.at(wakes_at_, [this] {
        wakes_at_ = Instant::max();
        pump();
      });
    }
    return;
  }
  wake_.reset();
  wakes_at_ = Instant::max();
}

void Governor::settle(Waiter& waiter, Result<Permit> outcome) {
  waiter.outcome.emplace(std::move(outcome));
  waiter.done.set(true);
}

void Governor::leave(Waiter& waiter, Error error) {
  if (waiter.outcome) return;
  queue_.remove(waiter.context.principal.tenant, waiter.context.session, &waiter);
  settle(waiter, fail(std::move(error)));
}

// A call that went ahead was refused on behalf of all that wait.
void Governor::count_refusal(const Error& error) {
  for (Waiter* waiter : queue_.all()) {
    ++waiter->turn.refusals;
    if (--waiter->turn.patience <= 0) leave(*waiter, error);
  }
}

void Governor::give_back(Permit& permit) {
  --at_work_;
  if (!permit.begun_) throttle_.abandoned(permit.episode_);
  if (!permit.told_) breaker_.abandoned(permit.probe_);
  if (tenants_) tenants_->give_back(permit.tenant_);
  pump();
}

std::string Governor::reason(Instant now, const std::string& tenant) const {
  if (paused(now))
    return fmt::format("asked for a pause, of which {:.1f} s are left", seconds(throttle_.opens_at() - now));
  if (!throttle_.room())
    return "is tried again after a pause by one call, and the others wait for its answer";
  if (at_work_ >= rules_.concurrency)
    return fmt::format("answers {} calls now, as many as `concurrency` allows", at_work_);
  if (!has_room(tenant))
    return fmt::format(
        "is not asked by more than {} calls of one tenant at once, all endpoints together "
        "(`server.limits.calls_per_tenant`)",
        tenants_->most());
  return "gets as many requests or tokens a minute as `requests_per_minute` and `tokens_per_minute` allow";
}

}  // namespace troupe::models
