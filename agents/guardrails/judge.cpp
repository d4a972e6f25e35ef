#include "agents/guardrails/judge.h"

#include "models/stream_budget.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace troupe::agents {

namespace {

/// Counts what a judge writes. A verdict is read once it is whole.
class VerdictSink final : public models::TokenSink {
 public:
  VerdictSink(Allowance allowed, std::int64_t tokens_max, const models::PriceList& prices,
              CallContext& context, Stop& call, JudgeRoom room)
      : allowed_(allowed),
        tokens_max_(tokens_max),
        prices_(prices),
        budget_(std::min(allowed.output, tokens_max)),
        context_(context),
        call_(call),
        room_(std::move(room)) {}

  bool on_text(std::string_view text) override {
    const bool own = budget_.take(text);
    return room_.written(budget_.tokens()) && own;
  }
  void on_reasoning(std::string_view text) override {
    // Not on the stack of who delivers the text.
    if (on_text(text) || spent_) return;
    spent_ = true;
    alarm_ = context_.loop.at(context_.loop.clock().now(), [this] { call_.request(StopReason::budget); });
  }
  bool on_entry(const std::string& name) override {
    const auto price = models::price_in(prices_, name);
    if (!allowed_.pays(price) || !room_.served_at(price)) return false;
    entry = name;
    budget_.set(std::min(allowed_.at(price).output, tokens_max_));
    return true;
  }
  std::int64_t tokens() const { return budget_.tokens(); }

  std::string entry;  // who writes

 private:
  const Allowance allowed_;
  const std::int64_t tokens_max_;
  const models::PriceList& prices_;
  models::StreamBudget budget_;
  CallContext& context_;
  Stop& call_;
  const JudgeRoom room_;
  Loop::Alarm alarm_;
  bool spent_ = false;
};

}  // namespace

Task<JudgeReply> ask_judge(const Rule& rule, std::shared_ptr<const models::Transcript> transcript,
                           Allowance allowed, std::int64_t tokens_max, const models::PriceList& prices,
                           CallContext context, JudgeRoom room) {
  static const auto kNoTools = std::make_shared<const std::vector<models::ToolDeclaration>>();
  models::ModelRequest request;
  request.transcript = std::move(transcript);
  request.tools = kNoTools;
  request.intent = models::Intent::judge;

  Stop call(context.stop);
  CallContext own{context.loop,    call,        context.deadline, context.events, context.principal,
                  context.session, context.run, context.agent,    context.step};
  VerdictSink sink(allowed, tokens_max, prices, own, call, std::move(room));
  const Instant asked = context.loop.clock().now();
  auto reply = co_await rule.judge.model->complete(std::move(request), sink, own);
  if (!reply && call.reason() == StopReason::budget) {
    reply = models::ModelReply{};
    reply->finish = models::FinishReason::closed_early;
    reply->entry = sink.entry;
  }
  const models::Usage estimate{
      .input_tokens = allowed.input, .output_tokens = sink.tokens(), .estimated = true};
  if (reply && reply->usage.input_tokens + reply->usage.output_tokens == 0 &&
      reply->finish == models::FinishReason::closed_early)
    reply->usage = estimate;
  JudgeReply came{.reply = std::move(reply),
                  .entry = sink.entry,
                  .ms = std::chrono::duration_cast<Milliseconds>(context.loop.clock().now() - asked).count()};
  if (!came.reply && sink.tokens() > 0) came.lost = estimate;
  co_return came;
}

std::int64_t request_tokens(const Rule& rule, const models::Transcript& transcript) {
  const models::TokenCounter& counter = *rule.judge.tokens;
  std::int64_t tokens = counter.beside({});
  for (const models::Message& message : transcript.messages()) tokens += counter.message(message);
  return counter.corrected(tokens);
}

}  // namespace troupe::agents
