#include "models/governor/governed.h"

#include "models/governor/governed_call.h"
#include "models/limits.h"
#include "models/token_estimate.h"

#include <optional>
#include <utility>

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
  bool on_entry(const std::string& entry) override { return sink_.on_entry(entry); }

  bool forwarded = false;

 private:
  void begin() {
    if (!std::exchange(forwarded, true)) permit_.begun();
  }

  TokenSink& sink_;
  Governor::Permit& permit_;
};

}  // namespace

Governed::Governed(std::shared_ptr<Model> model, std::shared_ptr<Governor> governor, RetryPolicy policy,
                   std::int64_t reply_tokens, Rng& rng)
    : model_(std::move(model)),
      governor_(std::move(governor)),
      policy_(policy),
      reply_tokens_(reply_tokens > 0 ? reply_tokens : limits::kReplyTokens),
      who_("model " + model_->name()),
      rng_(rng) {}

Task<Result<ModelReply>> Governed::complete(ModelRequest request, TokenSink& sink, CallContext& context) {
  const std::int64_t tokens = governor_->counts_tokens() ? estimate(request) : 0;
  GovernedCall call(*governor_, policy_, rng_, who_, context);
  for (;;) {
    Result<Governor::Permit> entered = co_await call.enter(tokens);
    if (!entered) co_return fail(std::move(entered.error()));
    std::optional<Governor::Permit> permit(std::move(*entered));
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
    if (forwarding.forwarded || !co_await call.again(reply.error())) co_return reply;
  }
}

std::int64_t Governed::estimate(const ModelRequest& request) const {
  std::int64_t tokens = reply_tokens_;
  for (const Message& message : request.transcript->messages()) {
    tokens += estimate_tokens(message.content) +
              limits::kPictureTokens * static_cast<std::int64_t>(message.images.size());
    for (const ToolCall& call : message.tool_calls) tokens += estimate_tokens(call.arguments);
  }
  if (request.tool_mode == ToolMode::native)
    for (const ToolDeclaration& tool : *request.tools)
      tokens += estimate_tokens(tool.description) + estimate_tokens(tool.schema);
  return tokens;
}

}  // namespace troupe::models
