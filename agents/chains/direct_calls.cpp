#include "agents/chains/direct_calls.h"

#include "agents/chains/chain_sink.h"
#include "agents/chains/limits.h"
#include "models/warning.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

ChainEnd cancelled() {
  return {.status = "cancelled", .reason = "cancelled"};
}

ChainEnd limited(std::string_view reason, std::string detail) {
  return {.status = "limit", .reason = reason, .detail = std::move(detail)};
}

}  // namespace

DirectCalls::DirectCalls(const Chain& chain, CallContext& context)
    : chain_(chain),
      context_(context),
      budget_(chain.settings.limits),
      slots_(context.loop, static_cast<std::size_t>(chain.settings.limits.parallel)) {}

Task<Chained<models::ModelReply>> DirectCalls::ask(ChainCall call, Stop& stop) {
  co_await slots_.take();
  auto reply = co_await ask_now(call, stop);
  slots_.give_back();
  co_return reply;
}

Task<Chained<models::ModelReply>> DirectCalls::ask_now(const ChainCall& call, Stop& stop) {
  static const auto kNoTools = std::make_shared<const std::vector<models::ToolDeclaration>>();
  if (stop.requested()) co_return std::unexpected(cancelled());
  const std::int64_t input = call.model->tokens_of(call.messages);
  std::optional<models::Price> price = call.model->price;
  if (auto refused = budget_.refusal(input, price))
    co_return std::unexpected(limited(refused->reason, std::move(refused->detail)));
  if (++calls_ > limits::kChainCalls)
    co_return std::unexpected(
        limited("max_steps", fmt::format("the chain has asked models {} times", limits::kChainCalls)));

  ChainBudget::Flight flight(budget_);
  ChainSink sink;
  std::string_view reached;
  sink.room = [&](std::int64_t written) {
    const double cost =
        models::cost_of(models::Usage{.input_tokens = input, .output_tokens = written}, price);
    flight.set(input + written, cost);
    reached = budget_.used_up(cost > 0);
    return reached.empty();
  };
  sink.serves = [&](const std::string& entry) {
    price = call.model->price_of(entry);
    return true;
  };
  Stop own(stop);
  Loop::Alarm alarm;
  sink.spent_on_reasoning = [&] {
    alarm = context_.loop.at(context_.loop.clock().now(), [&own] { own.request(StopReason::budget); });
  };
  flight.set(input, models::cost_of(models::Usage{.input_tokens = input}, price));
  auto transcript = std::make_shared<models::Transcript>();
  for (const models::Message& message : call.messages) transcript->add(message);
  auto where = context_for(own);
  const Instant asked = context_.loop.clock().now();
  auto reply = co_await call.model->model->complete({.transcript = std::move(transcript),
                                                     .tools = kNoTools,
                                                     .tool_mode = models::ToolMode::native,
                                                     .schema = call.schema,
                                                     .intent = call.intent},
                                                    sink, where);
  const auto ms = std::chrono::duration_cast<Milliseconds>(context_.loop.clock().now() - asked).count();
  models::Usage usage{.input_tokens = input, .output_tokens = sink.tokens(), .estimated = true};
  if (reply && (!sink.cut() || reply->usage.input_tokens + reply->usage.output_tokens > 0))
    usage = reply->usage;
  // What failed before a word came cost nothing that is known of.
  if (reply || sink.tokens() > 0) {
    const std::string& entry = reply ? reply->entry : sink.entry();
    const bool hit = reply && reply->cache_hit;
    const double cost = hit ? 0 : models::cost_of(usage, call.model->price_of(entry));
    budget_.spent(usage, cost);
    tell(call.model->served_by(entry), usage, hit, cost, ms);
  }
  if (sink.cut())
    co_return std::unexpected(
        limited(reached == "max_cost" ? "max_cost" : "max_tokens",
                fmt::format("a model's reply was cut off after about {} tokens, where the chain's limit was",
                            sink.tokens())));
  if (reply) co_return std::move(*reply);
  if (stop.requested()) co_return std::unexpected(cancelled());
  const bool too_large = reply.error().code == ErrorCode::too_large && sink.tokens() == 0;
  if (too_large && sink.entry().empty())
    if (const auto said = models::read_exceeded(reply.error().message); said.max)
      call.model->window->learn(*said.max);
  co_return std::unexpected(ChainEnd{.status = "failed",
                                     .reason = "model_error",
                                     .detail = std::move(reply.error().message),
                                     .too_large = too_large});
}

Task<Chained<std::vector<memory::Hit>>> DirectCalls::search(ChainSearch search, Stop& stop) {
  co_await slots_.take();
  auto where = context_for(stop);
  auto found = stop.requested() ? fail(stopped("the search", stop.reason()))
                                : co_await chain_.knowledge->search(search.knowledge, search.query,
                                                                    search.overrides, where);
  slots_.give_back();
  if (!found && stop.requested()) co_return std::unexpected(cancelled());
  if (!found)
    co_return std::unexpected(
        ChainEnd{.status = "failed",
                 .reason = "tool_error",
                 .detail = fmt::format("knowledge base {}: {}", search.knowledge, found.error().message)});
  for (const memory::ModelUse& use : found->uses) {
    if (use.usage.input_tokens + use.usage.output_tokens == 0) continue;
    const double cost =
        use.cache_hit ? 0 : models::cost_of(use.usage, models::price_in(*chain_.prices, use.model));
    budget_.spent(use.usage, cost);
    tell(use.model, use.usage, use.cache_hit, cost, use.ms);
  }
  co_return std::move(found->hits);
}

Task<Chained<std::vector<models::Message>>> DirectCalls::history() {
  co_return std::vector<models::Message>();
}

void DirectCalls::warn(const std::string&, int, std::string_view code, std::string text) {
  models::warn(context_, code, std::move(text));
}

void DirectCalls::tell(const std::string& model, const models::Usage& usage, bool cache_hit, double cost,
                       std::int64_t ms) {
  if (usage.input_tokens + usage.output_tokens == 0) return;
  Event event{.type = "usage", .step = context_.step};
  event.fields = {{"model", model},
                  {"input_tokens", usage.input_tokens},
                  {"output_tokens", usage.output_tokens},
                  {"cost", cost},
                  {"ms", ms}};
  if (usage.cached_tokens > 0) event.fields["cached_tokens"] = usage.cached_tokens;
  if (usage.estimated) event.fields["estimated"] = true;
  if (cache_hit) event.fields["cache_hit"] = true;
  context_.events.publish(std::move(event));
}

CallContext DirectCalls::context_for(Stop& stop) const {
  return {context_.loop,    stop,         context_.deadline, context_.events, context_.principal,
          context_.session, context_.run, context_.agent,    context_.step};
}

}  // namespace troupe::agents
