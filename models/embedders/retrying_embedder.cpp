#include "models/embedders/retrying_embedder.h"

#include <optional>

#include <fmt/format.h>

namespace troupe::models {

namespace {

using std::chrono::milliseconds;

void warn(CallContext& context, const Error& error, int attempt, int attempts, milliseconds wait) {
  Event event{.type = "warning",
              .session = context.session,
              .run = context.run,
              .agent = context.agent,
              .step = context.step};
  event.fields["code"] = "model_retry";
  event.fields["text"] = fmt::format("{}; attempt {} of {} follows in {:.1f} s", error.message, attempt,
                                     attempts, static_cast<double>(wait.count()) / 1000);
  context.events.publish(std::move(event));
}

}  // namespace

RetryingEmbedder::RetryingEmbedder(std::shared_ptr<Embedder> embedder, RetryPolicy policy, Rng& rng)
    : embedder_(std::move(embedder)), policy_(policy), rng_(rng) {}

Task<Result<Vectors>> RetryingEmbedder::embed(std::vector<std::string> texts, CallContext& context) {
  for (int attempt = 1;; ++attempt) {
    std::vector<std::string> again = texts;
    Result<Vectors> vectors = co_await embedder_->embed(std::move(again), context);
    if (vectors || context.stop.requested()) co_return vectors;
    std::optional<milliseconds> wait = policy_.wait(vectors.error(), attempt + 1, rng_.next());
    const bool in_time = wait && *wait < context.deadline.remaining(context.loop.clock().now());
    if (!wait || !in_time) {
      if (attempt > 1) vectors.error().message += fmt::format(" (after {} attempts)", attempt);
      if (wait && !in_time) vectors.error().message += "; the deadline leaves no time to try again";
      co_return vectors;
    }
    warn(context, vectors.error(), attempt + 1, 1 + policy_.retries, *wait);
    const bool slept = co_await context.loop.sleep_for(*wait, context.stop);
    if (!slept) co_return fail(stopped("embedder " + name(), context.stop.reason()));
  }
}

}  // namespace troupe::models
