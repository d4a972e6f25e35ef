#include "agents/chains/held_call.h"

#include "models/model.h"

#include <chrono>
#include <memory>
#include <utility>

namespace troupe::agents {

std::expected<std::string, LimitReached> first_payable(
    const ChainModel& model,
    const std::function<std::optional<LimitReached>(const std::optional<models::Price>&)>& in_the_way) {
  std::optional<LimitReached> first;
  for (const std::string& entry : model.chain) {
    auto reached = in_the_way(model.price_of(entry));
    if (!reached) return entry == model.name ? "" : entry;
    const bool money = reached->reason == "max_cost";
    if (!first) first = std::move(reached);
    if (!money) break;
  }
  return std::unexpected(first.value_or(LimitReached{"max_cost", "no model can be paid"}));
}

HeldCall::HeldCall(ChainBudget& budget, const ChainCall& call, std::int64_t input, std::string first,
                   SharedLimits shared)
    : budget_(budget),
      call_(call),
      input_(input),
      first_(std::move(first)),
      shared_(std::move(shared)),
      price_(call.model->price_of(first_)),
      flight_(budget) {
  sink_.room = [this](std::int64_t written) { return room(written); };
  sink_.serves = [this](const std::string& entry) {
    const auto other = call_.model->price_of(entry);
    if (shared_.serve && !shared_.serve(other)) return false;
    price_ = other;
    return true;
  };
  flight_.set(input, models::cost_of(models::Usage{.input_tokens = input}, price_));
}

bool HeldCall::room(std::int64_t written) {
  const double cost =
      models::cost_of(models::Usage{.input_tokens = input_, .output_tokens = written}, price_);
  flight_.set(input_ + written, cost);
  if (const std::string_view own = budget_.used_up(cost > 0); !own.empty()) cut_ = LimitReached{own, ""};
  if (auto reached = shared_.written ? shared_.written(written) : std::nullopt) cut_ = std::move(reached);
  return !cut_;
}

Task<Result<models::ModelReply>> HeldCall::complete(CallContext& context) {
  static const auto kNoTools = std::make_shared<const std::vector<models::ToolDeclaration>>();
  auto transcript = std::make_shared<models::Transcript>();
  for (const models::Message& message : call_.messages) transcript->add(message);
  Stop own(context.stop);
  Loop::Alarm alarm;
  sink_.spent_on_reasoning = [&] {
    // Not on the stack of who delivers the text.
    alarm = context.loop.at(context.loop.clock().now(), [&own] { own.request(StopReason::budget); });
  };
  CallContext where{context.loop,    own,         context.deadline, context.events, context.principal,
                    context.session, context.run, context.agent,    context.step};
  const Instant asked = context.loop.clock().now();
  auto reply = co_await call_.model->model->complete({.transcript = std::move(transcript),
                                                      .tools = kNoTools,
                                                      .tool_mode = models::ToolMode::native,
                                                      .schema = call_.schema,
                                                      .intent = call_.intent,
                                                      .first_entry = first_},
                                                     sink_, where);
  sink_.spent_on_reasoning = nullptr;
  ms_ = std::chrono::duration_cast<Milliseconds>(context.loop.clock().now() - asked).count();
  if (!reply && own.reason() == StopReason::budget) {
    reply = models::ModelReply{};
    reply->finish = models::FinishReason::closed_early;
    reply->entry = sink_.entry();
  }
  // Who closes a stream early is often not told what it cost.
  if (reply && cut_ && reply->usage.input_tokens + reply->usage.output_tokens == 0) reply->usage = estimate();
  co_return reply;
}

}  // namespace troupe::agents
