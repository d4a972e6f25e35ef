#include "models/retrying.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::models {

namespace {

using std::chrono::milliseconds;

// Notices whether anything was shown.
class ForwardingSink final : public TokenSink {
 public:
  explicit ForwardingSink(TokenSink& sink) : sink_(sink) {}
  bool on_text(std::string_view text) override {
    forwarded = true;
    return sink_.on_text(text);
  }
  void on_reasoning(std::string_view text) override {
    forwarded = true;
    sink_.on_reasoning(text);
  }
  void on_reset(int attempt) override { sink_.on_reset(attempt); }

  bool forwarded = false;

 private:
  TokenSink& sink_;
};

double seconds(milliseconds duration) {
  return static_cast<double>(duration.count()) / 1000;
}

void warn(CallContext& context, const Error& error, int attempt, int attempts, milliseconds wait) {
  Event event{.type = "warning",
              .session = context.session,
              .run = context.run,
              .agent = context.agent,
              .step = context.step};
  event.fields["code"] = "model_retry";
  event.fields["text"] = fmt::format("{}; attempt {} of {} follows in {:.1f} s", error.message, attempt,
                                     attempts, seconds(wait));
  context.events.publish(std::move(event));
}

}  // namespace

std::optional<milliseconds> RetryPolicy::wait(const Error& error, int attempt, std::uint64_t random) const {
  if (!error.retryable || attempt > 1 + retries) return std::nullopt;
  const double share = static_cast<double>(random >> 11) * 0x1.0p-53;  // [0, 1)
  if (error.retry_after) {
    if (*error.retry_after > ask_max) return std::nullopt;
    const milliseconds spread =
        std::min<milliseconds>(*error.retry_after / 10 + milliseconds(50), milliseconds(1000));
    return *error.retry_after +
           milliseconds(static_cast<long long>(share * static_cast<double>(spread.count())));
  }
  milliseconds step = first;
  for (int i = 2; i < attempt && step < longest; ++i) step *= 2;
  step = std::min(step, longest);
  return milliseconds(static_cast<long long>(static_cast<double>(step.count()) * (0.5 + share / 2)));
}

Retrying::Retrying(std::shared_ptr<Model> model, RetryPolicy policy, Rng& rng)
    : model_(std::move(model)), policy_(policy), rng_(rng) {}

Task<Result<ModelReply>> Retrying::complete(ModelRequest request, TokenSink& sink, CallContext& context) {
  for (int attempt = 1;; ++attempt) {
    ForwardingSink forwarding(sink);
    ModelRequest again = request;
    Result<ModelReply> reply = co_await model_->complete(std::move(again), forwarding, context);
    if (reply || forwarding.forwarded || context.stop.requested()) co_return reply;
    std::optional<milliseconds> wait = policy_.wait(reply.error(), attempt + 1, rng_.next());
    const bool in_time = wait && *wait < context.deadline.remaining(context.loop.clock().now());
    if (!wait || !in_time) {
      if (attempt > 1) reply.error().message += fmt::format(" (after {} attempts)", attempt);
      if (wait && !in_time) reply.error().message += "; the deadline leaves no time to try again";
      co_return reply;
    }
    warn(context, reply.error(), attempt + 1, 1 + policy_.retries, *wait);
    const bool slept = co_await context.loop.sleep_for(*wait, context.stop);
    if (!slept) co_return fail(stopped("model " + model_->name(), context.stop.reason()));
  }
}

}  // namespace troupe::models
