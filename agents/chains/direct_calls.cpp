#include "agents/chains/direct_calls.h"

#include "agents/chains/held_call.h"
#include "agents/chains/limits.h"
#include "agents/runs/facts.h"
#include "models/model_use.h"
#include "models/warning.h"

#include <algorithm>
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

/// Counts what calls use against the chain's own limits, and hands everything on.
class DirectCalls::Counting final : public EventSink {
 public:
  /// Both outlive it.
  Counting(ChainBudget& budget, EventSink& outer) : budget_(budget), outer_(outer) {}

  void publish(Event event) override {
    if (event.type == "usage") {
      const models::ModelUse use = use_of(event);
      budget_.spent(use.usage, use.cost);
    }
    outer_.publish(std::move(event));
  }

 private:
  ChainBudget& budget_;
  EventSink& outer_;
};

DirectCalls::DirectCalls(const Chain& chain, CallContext& context)
    : chain_(chain),
      context_(context),
      budget_(chain.settings.limits),
      slots_(context.loop, static_cast<std::size_t>(chain.settings.limits.parallel)),
      events_(std::make_unique<Counting>(budget_, context.events)) {}

DirectCalls::~DirectCalls() = default;

Task<Chained<models::ModelReply>> DirectCalls::ask(ChainCall call, Stop& stop) {
  co_await slots_.take();
  auto reply = co_await ask_now(call, stop);
  slots_.give_back();
  co_return reply;
}

Task<Chained<models::ModelReply>> DirectCalls::ask_now(const ChainCall& call, Stop& stop) {
  if (stop.requested()) co_return std::unexpected(cancelled());
  const std::int64_t input = call.model->tokens_of(call.messages);
  auto first = first_payable(*call.model, [&](const auto& price) { return budget_.refusal(input, price); });
  if (!first) co_return std::unexpected(limited(first.error().reason, std::move(first.error().detail)));
  if (++calls_ > limits::kChainCalls)
    co_return std::unexpected(
        limited("max_steps", fmt::format("the chain has asked models {} times", limits::kChainCalls)));

  HeldCall held(budget_, call, input, *first);
  auto where = context_for(stop);
  auto reply = co_await held.complete(where);
  // What failed before a word came cost nothing that is known of.
  if (reply || held.written() > 0) {
    const std::string& entry = reply ? reply->entry : held.entry();
    const models::Usage usage = reply ? reply->usage : held.estimate();
    const bool hit = reply && reply->cache_hit;
    models::tell_use(where, {.model = call.model->served_by(entry),
                             .usage = usage,
                             .cost = hit ? 0 : models::cost_of(usage, call.model->price_of(entry)),
                             .ms = held.ms(),
                             .cache_hit = hit});
  }
  if (held.cut())
    co_return std::unexpected(
        limited(held.cut()->reason,
                fmt::format("a model's reply was cut off after about {} tokens, where the chain's limit was",
                            held.written())));
  if (reply) co_return std::move(*reply);
  if (stop.requested()) co_return std::unexpected(cancelled());
  const bool too_large = reply.error().code == ErrorCode::too_large && held.written() == 0;
  if (too_large && held.entry().empty())
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
  for (std::string& remark : found->remarks)
    if (std::ranges::find(remarks_, remark) == remarks_.end()) remarks_.push_back(std::move(remark));
  co_return std::move(found->hits);
}

Task<Chained<std::vector<models::Message>>> DirectCalls::history() {
  co_return std::vector<models::Message>();
}

void DirectCalls::warn(const std::string&, int, std::string_view code, std::string text) {
  models::warn(context_, code, std::move(text));
}

CallContext DirectCalls::context_for(Stop& stop) const {
  return {context_.loop,    stop,         context_.deadline, *events_,     context_.principal,
          context_.session, context_.run, context_.agent,    context_.step};
}

}  // namespace troupe::agents
