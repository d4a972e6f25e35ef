#include "agents/runs/paid_model.h"

#include "agents/runs/facts.h"
#include "agents/runs/memory_calls.h"
#include "models/stream_budget.h"
#include "models/token_estimate.h"
#include "runtime/telemetry/log.h"

#include <chrono>
#include <limits>
#include <utility>

namespace troupe::agents {

/// Counts what is written, and closes the stream once a budget is spent.
class PaidModel::Counted final : public models::TokenSink {
 public:
  Counted(const PaidModel& model, Account::Hold& hold, std::string entry, models::TokenSink& inner)
      : entry(std::move(entry)), model_(model), hold_(hold), inner_(inner) {}

  bool on_text(std::string_view text) override {
    const bool fits = take(text);
    return inner_.on_text(text) && fits;
  }
  void on_reasoning(std::string_view text) override {
    (void)take(text);
    inner_.on_reasoning(text);
  }
  void on_reset(int attempt) override { inner_.on_reset(attempt); }
  bool on_entry(const std::string& name) override {
    if (!model_.purse_.serve(hold_, model_.price_of(name)) || !inner_.on_entry(name)) return false;
    entry = name;
    return true;
  }
  std::int64_t tokens() const { return budget_.tokens(); }

  std::string entry;  // who writes; "": the first

 private:
  bool take(std::string_view text) {
    (void)budget_.take(text);
    return model_.purse_.written(hold_, budget_.tokens());
  }

  const PaidModel& model_;
  Account::Hold& hold_;
  models::TokenSink& inner_;
  models::StreamBudget budget_{std::numeric_limits<std::int64_t>::max()};
};

PaidModel::PaidModel(const Agent& agent, const store::RunRow& run, Purse& purse, Account& account,
                     store::Journal& journal)
    : agent_(agent), parts_(agent.memory), run_(run), purse_(purse), account_(account), journal_(journal) {}

std::optional<models::Price> PaidModel::price_of(const std::string& entry) const {
  return agent_.prices ? models::price_in(*agent_.prices, served_by(entry)) : std::nullopt;
}

std::int64_t PaidModel::size_of(const models::ModelRequest& request) const {
  std::int64_t size = parts_.tokens ? parts_.tokens->beside({}) : 0;
  for (const models::Message& message : request.transcript->messages())
    size += parts_.tokens ? parts_.tokens->message(message) : models::estimate_tokens(message.content);
  return parts_.tokens ? parts_.tokens->corrected(size) : size;
}

Task<Result<models::ModelReply>> PaidModel::complete(models::ModelRequest request, models::TokenSink& sink,
                                                     CallContext& context) {
  if (auto counted = co_await count_lost(context); !counted) co_return std::unexpected(counted.error());
  const std::int64_t input = size_of(request);
  auto granted = purse_.grant(parts_.chain, *agent_.prices, input);
  if (!granted) co_return fail(ErrorCode::busy, granted.error().detail);
  if (auto kept = co_await announce(input, granted->entry); !kept) co_return std::unexpected(kept.error());
  request.first_entry = granted->entry;
  Counted counted(*this, granted->hold, granted->entry, sink);
  const Instant asked = context.loop.clock().now();
  Result<models::ModelReply> reply = fail(ErrorCode::cancelled, "not asked: the daemon is stopping");
  const bool sent = !context.stop.requested();
  if (sent) reply = co_await parts_.model->complete(std::move(request), counted, context);
  granted->hold.end();
  models::ModelReply used;
  if (reply) used = *reply;
  // Who closes a stream early, or whose stream breaks, is often not told what it cost. What a stop of the
  // daemon cuts off counts as if a crash had taken it.
  const bool told = used.usage.input_tokens + used.usage.output_tokens > 0;
  const bool broken = counted.tokens() > 0 && (!reply || reply->finish == models::FinishReason::closed_early);
  const bool cut = sent && !reply && context.stop.reason() == StopReason::shutdown;
  if (!told && (broken || cut)) {
    used.usage = {.input_tokens = input, .output_tokens = counted.tokens(), .estimated = true};
    used.entry = counted.entry;
  }
  const Instant now = context.loop.clock().now();
  co_await tell(std::move(used), std::chrono::duration_cast<Milliseconds>(now - asked).count(), context);
  co_return reply;
}

Task<Result<>> PaidModel::count_lost(CallContext& context) {
  if (lost_counted_) co_return Result<>{};
  auto counted =
      co_await count_lost_memory_calls(journal_, account_, context.loop.clock(), run_.session, run_.agent);
  if (!counted) co_return within("what a crash took of earlier calls", counted.error());
  lost_counted_ = true;
  co_return Result<>{};
}

Task<Result<>> PaidModel::announce(std::int64_t input, const std::string& entry) {
  const double cost = models::cost_of(models::Usage{.input_tokens = input}, price_of(entry));
  store::Append append;
  append.facts.push_back(
      memory_intent(run_.id, {.agent = run_.agent, .model = served_by(entry), .input = input, .cost = cost}));
  co_return co_await journal_.commit(std::move(append));
}

// That the call has ended, what it used and what clients are told of it are one append.
Task<> PaidModel::tell(models::ModelReply reply, std::int64_t ms, CallContext& context) {
  const double cost = cost_of(reply, price_of(reply.entry));
  store::Append append;
  append.facts.push_back(memory_used(run_.id, reply.usage, cost));
  if (reply.usage.input_tokens + reply.usage.output_tokens > 0) {
    if (!reply.cache_hit) append.spent.push_back(purse_.spend(reply.usage, cost, served_by(reply.entry)));
    append.events.push_back(usage_event({.type = "usage", .session = context.session, .agent = run_.agent},
                                        reply, parts_.model->name(), cost, ms));
  }
  if (auto done = co_await journal_.commit(std::move(append)); !done)
    log::error("what a memory's model used is not in the ledger", {{"error", done.error().message}});
}

}  // namespace troupe::agents
