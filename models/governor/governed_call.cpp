#include "models/governor/governed_call.h"

#include "models/warning.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

void GovernedCall::name(Error& error) const {
  if (attempts() <= 1) return;
  error.message += fmt::format(" (after {} attempts", attempts());
  error.message += shared_ > 0 ? fmt::format(", {} of them by calls that it waited for)", shared_) : ")";
}

Task<Result<Governor::Permit>> GovernedCall::enter(std::int64_t tokens) {
  if (auto permit = governor_.try_enter(tokens, context_.principal.tenant)) {
    ++own_;
    co_return std::move(*permit);
  }
  Governor::Turn turn{.tokens = tokens, .patience = 1 + policy_.retries - attempts()};
  if (!told_)
    turn.waits = [this](const std::string& reason) {
      told_ = true;
      warn(context_, "model_waits", fmt::format("{} waits for its turn: {}", who_, reason));
    };
  Result<Governor::Permit> entered = co_await governor_.enter(turn, context_);
  shared_ += turn.refusals;
  if (!entered) {
    name(entered.error());
    co_return within(who_, std::move(entered.error()));
  }
  ++own_;
  co_return entered;
}

Task<bool> GovernedCall::again(Error& error) {
  const auto pause = wait(error);
  if (!pause) co_return false;
  warn(context_, "model_retry",
       fmt::format("{}; attempt {} of {} follows in {:.1f} s", error.message, attempts() + 1,
                   1 + policy_.retries, static_cast<double>(pause->count()) / 1000));
  told_ = true;
  // A pause of all callers is kept by the governor.
  if (governor_.paused(context_.loop.clock().now())) co_return true;
  const bool slept = co_await context_.loop.sleep_for(*pause, context_.stop);
  if (!slept) error = stopped(who_, context_.stop.reason());
  co_return slept;
}

// How long until the next attempt; nothing when there is none, and the error says why.
std::optional<Milliseconds> GovernedCall::wait(Error& error) {
  const Instant now = context_.loop.clock().now();
  std::optional<Milliseconds> pause = policy_.wait(error, attempts() + 1, rng_.next());
  if (pause && governor_.paused(now)) pause = std::chrono::ceil<Milliseconds>(governor_.opens_at() - now);
  const bool in_time = pause && *pause < context_.deadline.remaining(now);
  const bool closed = pause && in_time && governor_.closed(now);
  if (pause && in_time && !closed) return pause;
  name(error);
  if (pause && !in_time) {
    error.message += "; the deadline leaves no time to try again";
    error.retry_after = pause;
  }
  if (closed) error.message += "; it has failed too often to be tried again at once";
  return std::nullopt;
}

}  // namespace troupe::models
