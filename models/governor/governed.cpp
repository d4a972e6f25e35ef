#include "models/governor/governed.h"

#include "models/limits.h"
#include "models/token_estimate.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::models {

namespace {

// Notices whether anything was shown.
class ForwardingSink final : public TokenSink {
 public:
  ForwardingSink(TokenSink& sink, Governor::Permit& permit) : sink_(sink), permit_(permit) {}
  bool on_text(std::string_view text) override {
    begin();
    return sink_.on_text(text);
  }
  void on_reasoning(std::string_view text) override {
    begin();
    sink_.on_reasoning(text);
  }
  void on_reset(int attempt) override { sink_.on_reset(attempt); }
  void on_entry(const std::string& entry) override { sink_.on_entry(entry); }

  bool forwarded = false;

 private:
  void begin() {
    if (!std::exchange(forwarded, true)) permit_.begun();
  }

  TokenSink& sink_;
  Governor::Permit& permit_;
};

double seconds(Milliseconds duration) {
  return static_cast<double>(duration.count()) / 1000;
}

void warn(CallContext& context, std::string_view code, std::string text) {
  Event event{.type = "warning",
              .session = context.session,
              .run = context.run,
              .agent = context.agent,
              .step = context.step};
  event.fields["code"] = code;
  event.fields["text"] = std::move(text);
  context.events.publish(std::move(event));
}

}  // namespace

struct Governed::Attempts {
  int own = 0;
  int shared = 0;     // refusals of calls that went ahead
  bool told = false;  // a wait, to whoever watches
  int all() const { return own + shared; }

  void name(Error& error) const {
    if (all() > 1) error.message += fmt::format(" (after {} attempts", all());
    if (all() > 1)
      error.message += shared > 0 ? fmt::format(", {} of them by calls that it waited for)", shared) : ")";
  }
};

Governed::Governed(std::shared_ptr<Model> model, std::shared_ptr<Governor> governor, RetryPolicy policy,
                   std::int64_t reply_tokens, Rng& rng)
    : model_(std::move(model)),
      governor_(std::move(governor)),
      policy_(policy),
      reply_tokens_(reply_tokens > 0 ? reply_tokens : limits::kReplyTokens),
      rng_(rng) {}

Task<Result<ModelReply>> Governed::complete(ModelRequest request, TokenSink& sink, CallContext& context) {
  const std::int64_t tokens = governor_->counts_tokens() ? estimate(request) : 0;
  Attempts attempts;
  for (;;) {
    std::optional<Governor::Permit> permit = governor_->try_enter(tokens);
    if (!permit) {
      Result<Governor::Permit> entered = co_await enter(attempts, tokens, context);
      if (!entered) co_return within("model " + name(), std::move(entered.error()));
      permit.emplace(std::move(*entered));
    }
    ++attempts.own;
    ForwardingSink forwarding(sink, *permit);
    ModelRequest again = request;
    Result<ModelReply> reply = co_await model_->complete(std::move(again), forwarding, context);
    if (reply) {
      permit->succeeded(reply->usage);
      co_return reply;
    }
    // What was stopped from outside says nothing about the endpoint.
    if (context.stop.requested()) co_return reply;
    permit->failed(reply.error());
    permit.reset();
    if (forwarding.forwarded) co_return reply;
    const auto pause = wait(reply.error(), attempts, context);
    if (!pause) co_return reply;
    warn(context, "model_retry",
         fmt::format("{}; attempt {} of {} follows in {:.1f} s", reply.error().message, attempts.all() + 1,
                     1 + policy_.retries, seconds(*pause)));
    attempts.told = true;
    // A pause of all callers is kept by the governor.
    if (governor_->paused(context.loop.clock().now())) continue;
    const bool slept = co_await context.loop.sleep_for(*pause, context.stop);
    if (!slept) co_return fail(stopped("model " + name(), context.stop.reason()));
  }
}

Task<Result<Governor::Permit>> Governed::enter(Attempts& attempts, std::int64_t tokens,
                                               CallContext& context) {
  Governor::Turn turn{.tokens = tokens, .patience = 1 + policy_.retries - attempts.all()};
  if (!attempts.told)
    turn.waits = [this, &attempts, &context](const std::string& reason) {
      attempts.told = true;
      warn(context, "model_waits", fmt::format("model {} waits for its turn: {}", name(), reason));
    };
  Result<Governor::Permit> entered = co_await governor_->enter(turn, context);
  attempts.shared += turn.refusals;
  if (!entered) attempts.name(entered.error());
  co_return entered;
}

// How long until the next attempt; nothing when there is none, and the error says why.
std::optional<Milliseconds> Governed::wait(Error& error, const Attempts& attempts,
                                           const CallContext& context) {
  const Instant now = context.loop.clock().now();
  std::optional<Milliseconds> pause = policy_.wait(error, attempts.all() + 1, rng_.next());
  if (pause && governor_->paused(now)) pause = std::chrono::ceil<Milliseconds>(governor_->opens_at() - now);
  const bool in_time = pause && *pause < context.deadline.remaining(now);
  const bool closed = pause && in_time && governor_->closed(now);
  if (pause && in_time && !closed) return pause;
  attempts.name(error);
  if (pause && !in_time) error.message += "; the deadline leaves no time to try again";
  if (closed) error.message += "; it has failed too often to be tried again at once";
  return std::nullopt;
}

std::int64_t Governed::estimate(const ModelRequest& request) const {
  std::int64_t tokens = reply_tokens_;
  for (const Message& message : request.transcript->messages()) {
    tokens += estimate_tokens(message.content);
    for (const ToolCall& call : message.tool_calls) tokens += estimate_tokens(call.arguments);
  }
  if (request.tool_mode == ToolMode::native)
    for (const ToolDeclaration& tool : *request.tools)
      tokens += estimate_tokens(tool.description) + estimate_tokens(tool.schema);
  return tokens;
}

}  // namespace troupe::models
