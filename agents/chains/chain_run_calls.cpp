#include "agents/chains/chain_events.h"
#include "agents/chains/chain_run.h"
#include "agents/chains/held_call.h"
#include "agents/chains/limits.h"
#include "agents/chains/passages.h"
#include "agents/limits.h"
#include "agents/runs/error_fact.h"
#include "agents/runs/refusal_fact.h"
#include "models/governor/retry_policy.h"

#include <chrono>
#include <functional>
#include <utility>

#include <fmt/format.h>

// How a run of a chain asks models and knowledge bases.
namespace troupe::agents {

namespace {

ChainEnd cancelled() {
  return {.status = "cancelled", .reason = "cancelled"};
}

ChainEnd limited(LimitReached reached) {
  return {.status = "limit", .reason = reached.reason, .detail = std::move(reached.detail)};
}

ChainEnd cut_off(std::string_view reason, std::int64_t tokens, const std::string& budget) {
  return limited({reason, fmt::format("the model's reply was cut off after about {} tokens{}{}", tokens,
                                      budget.empty() ? ", where the run's limit was" : ": ", budget)});
}

std::string as_observed(const std::vector<memory::Hit>& hits, const std::vector<std::string>& remarks) {
  std::string text = hits.empty() ? "Nothing was found." : passages_text(hits);
  for (const std::string& remark : remarks) text += "\n\nNote: " + remark;
  return text;
}

// Cut between two characters.
bool clip_to(std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return false;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  text.resize(bytes);
  return true;
}

Json usage_fact(const models::Usage& usage, double cost) {
  return {{"input", usage.input_tokens}, {"output", usage.output_tokens}, {"cost", cost}};
}

}  // namespace

struct ChainRun::Attempt {
  Result<models::ModelReply> reply;
  std::int64_t ms = 0;
  models::Usage written;  // by estimate
  std::string entry;
  std::optional<LimitReached> cut;  // where the stream was closed
};

Task<Chained<models::ModelReply>> ChainRun::ask(ChainCall call, Stop& stop) {
  if (const auto known = recorded_.replies.find(call.key); known != recorded_.replies.end()) {
    RecordedReply before = reply_from_fact(known->second);
    if (!before.cut.empty()) {
      const bool cost = before.cut == "max_cost";
      co_return std::unexpected(
          cut_off(cost ? "max_cost" : "max_tokens", before.reply.usage.output_tokens, before.budget));
    }
    co_return std::move(before.reply);
  }
  co_await slots_.take();
  auto reply = co_await ask_now(std::move(call), stop);
  slots_.give_back();
  co_return reply;
}

Task<Chained<models::ModelReply>> ChainRun::ask_now(ChainCall call, Stop& stop) {
  const std::int64_t input = call.model->tokens_of(call.messages);
  for (int broken = 0;; ++broken) {
    auto made = co_await attempt(call, input, stop);
    if (!made) co_return std::unexpected(std::move(made.error()));
    if (made->reply) co_return co_await take_reply(call, std::move(*made));
    if (stop_.reason() != StopReason::shutdown && made->written.output_tokens > 0) note_broken(call, *made);
    if (stop.requested()) co_return std::unexpected(cancelled());
    Error& error = made->reply.error();
    note_failed(call, *made);
    const bool too_large = error.code == ErrorCode::too_large && made->written.output_tokens == 0;
    if (too_large && made->entry.empty())
      if (const auto said = models::read_exceeded(error.message); said.max)
        call.model->window->learn(*said.max);
    const models::RetryPolicy policy{.retries = limits::kBrokenReplyRetries};
    // Runs whose streams broke together do not come back together.
    const auto spread = std::hash<std::string>{}(record_.row().id + call.key);
    auto wait = made->written.output_tokens > 0 ? policy.wait(error, broken + 2, spread) : std::nullopt;
    if (!wait || *wait >= clock_.deadline().remaining(loop_.clock().now()))
      co_return std::unexpected(ChainEnd{.status = "failed",
                                         .reason = "model_error",
                                         .detail = std::move(error.message),
                                         .too_large = too_large});
    record_.pending().events.push_back(
        warning_event(record_.event("warning", call.step), "reply_broken",
                      fmt::format("the model's reply broke off: {}; it is asked again, attempt {} of {}",
                                  error.message, broken + 2, limits::kBrokenReplyRetries + 1)));
    if (!co_await record_.commit(record_.take_pending())) co_return std::unexpected(cancelled());
    if (!co_await loop_.sleep_for(*wait, stop)) co_return std::unexpected(cancelled());
  }
}

Task<Chained<ChainRun::Attempt>> ChainRun::attempt(const ChainCall& call, std::int64_t input, Stop& stop) {
  if (stop.requested() || record_.lost()) co_return std::unexpected(cancelled());
  std::optional<Account::Hold> hold;
  auto first = first_payable(*call.model, [&](const std::optional<models::Price>& price) {
    return refusal(call, input, price, hold);
  });
  if (!first && first.error().shared)
    record_.pending().facts.push_back(
        refusal_fact(record_, call.step, chain_request(call.key), first.error()));
  if (!first) co_return std::unexpected(limited(std::move(first.error())));
  if (recorded_.calls >= limits::kChainCalls)
    co_return std::unexpected(limited({"max_steps", fmt::format("the run has asked models {} times, the most "
                                                                "that a chain may",
                                                                limits::kChainCalls)}));
  ++recorded_.calls;
  const int number = ++recorded_.attempts[call.key];
  record_.pending().facts.push_back(intent_fact(call, input, *first, number));
  if (!co_await record_.commit(record_.take_pending())) co_return std::unexpected(cancelled());

  const auto written = [&](std::int64_t tokens) {
    return purse_.written(*hold, tokens) ? std::nullopt : hold->reached();
  };
  HeldCall held(budget_, call, input, *first,
                {.written = written, .serve = [&](const auto& other) { return purse_.serve(*hold, other); }});
  if (call.answers) show_answer(held.sink(), call.step);
  if (call.answers && number > 1) held.sink().reset(number);  // what was shown before
  auto where = context(stop, call.step);
  Attempt made{.reply = co_await held.complete(where)};
  made.ms = held.ms();
  made.written = held.estimate();
  made.entry = held.entry();
  made.cut = held.cut();
  if (!made.reply) held.sink().take_back(number + 1);
  co_return made;
}

// Of one price that the request may have; where nothing is in the way, it is held.
std::optional<LimitReached> ChainRun::refusal(const ChainCall& call, std::int64_t input,
                                              const std::optional<models::Price>& price,
                                              std::optional<Account::Hold>& hold) {
  if (auto refused = budget_.refusal(input, price)) return refused;
  const std::string of = chain_request(call.key);
  if (const auto then = purse_.entry_then(call.step, of); then && price != call.model->price_of(*then))
    return LimitReached{"max_cost", "another entry was asked when the run was recorded"};
  auto held = purse_.hold(input, price, call.step, of);
  if (!held) return std::move(held.error());
  hold.emplace(std::move(*held));
  return std::nullopt;
}

store::Fact ChainRun::intent_fact(const ChainCall& call, std::int64_t input, const std::string& first,
                                  int number) const {
  Json fact = {{"key", call.key},
               {"attempt", number},
               {"input", input},
               {"used_ms", clock_.used().count()},
               {"model", call.model->name},
               {"messages", Json::array()}};
  if (!first.empty()) fact["entry"] = first;
  for (models::Message message : call.messages) {
    message.content = masked(message.content);
    fact["messages"].push_back(message_to_fact(message));
  }
  return record_.fact("chain.intent", call.step, fact);
}

void ChainRun::show_answer(ChainSink& sink, int step) {
  sink.show = [this, step](std::string_view text) {
    Event delta = record_.event("answer.delta", step);
    delta.fields["text"] = text;
    record_.publish(delta);
  };
  sink.reset = [this, step](int again) {
    Event reset = record_.event("stream.reset", step);
    reset.fields["attempt"] = again;
    record_.publish(reset);
  };
}

Task<Chained<models::ModelReply>> ChainRun::take_reply(const ChainCall& call, Attempt made) {
  models::ModelReply& reply = *made.reply;
  const models::Usage& usage = reply.usage;
  if (!usage.estimated && reply.entry.empty() && !reply.cache_hit)
    call.model->tokens->learn(call.model->counted(call.messages), usage.input_tokens);
  const double cost = models::cost_of(reply, call.model->price_of(reply.entry));
  budget_.spent(usage, cost);
  store::Append append = record_.take_pending();
  if (!reply.cache_hit && usage.input_tokens + usage.output_tokens > 0)
    append.spent.push_back(purse_.spend(usage, cost, call.model->served_by(reply.entry)));
  Json fact = {{"key", call.key}};
  fact.update(reply_to_fact(reply, cost, made.ms));
  if (made.cut) fact["cut"] = made.cut->reason;
  if (made.cut && !made.cut->detail.empty()) fact["budget"] = made.cut->detail;
  append.facts.push_back(record_.fact("chain.reply", call.step, fact));
  append.events.push_back(
      usage_event(record_.event("usage", call.step), reply, call.model->name, cost, made.ms));
  if (reply.finish == models::FinishReason::length)
    append.events.push_back(warning_event(record_.event("warning", call.step), "reply_cut",
                                          "the reply was cut off at the model's output limit"));
  if (!co_await record_.commit(std::move(append))) co_return std::unexpected(cancelled());
  if (!made.cut) co_return std::move(reply);
  co_return std::unexpected(cut_off(made.cut->reason, usage.output_tokens, made.cut->detail));
}

void ChainRun::note_failed(const ChainCall& call, const Attempt& made) {
  Json fact = {{"key", call.key}, {"written", made.written.output_tokens}};
  if (!made.entry.empty()) fact["entry"] = made.entry;
  fact["error"] = error_to_fact(made.reply.error());
  record_.pending().facts.push_back(record_.fact("chain.failed", call.step, fact));
}

void ChainRun::note_broken(const ChainCall& call, const Attempt& made) {
  const models::Usage& usage = made.written;
  const double cost = models::cost_of(usage, call.model->price_of(made.entry));
  Json fact = {{"key", call.key}};
  fact.update(usage_fact(usage, cost));
  record_.pending().facts.push_back(record_.fact("chain.broken", call.step, fact));
  record_.pending().spent.push_back(purse_.spend(usage, cost, call.model->served_by(made.entry)));
  models::ModelReply lost;
  lost.usage = usage;
  lost.entry = made.entry;
  record_.pending().events.push_back(
      usage_event(record_.event("usage", call.step), lost, call.model->name, cost, 0));
  budget_.spent(usage, cost);
}

Task<Chained<std::vector<memory::Hit>>> ChainRun::search(ChainSearch search, Stop& stop) {
  if (const auto known = recorded_.searches.find(search.key); known != recorded_.searches.end()) {
    if (known->second.error.empty()) co_return known->second.hits;
    co_return std::unexpected(
        ChainEnd{.status = "failed", .reason = "tool_error", .detail = known->second.error});
  }
  co_await slots_.take();
  Chained<std::vector<memory::Hit>> hits = std::unexpected(cancelled());
  if (!stop.requested() && !record_.lost()) {
    if (recorded_.announced.insert(search.key).second) {
      Event action = record_.event("action", search.step);
      action.fields = {{"call", "c_" + search.key},
                       {"tool", "retrieve:" + search.knowledge},
                       {"input", {{"query", search.query}}}};
      record_.pending().events.push_back(std::move(action));
      record_.pending().facts.push_back(record_.fact(
          "chain.search", search.step, {{"key", search.key}, {"used_ms", clock_.used().count()}}));
    }
    if (co_await record_.commit(record_.take_pending())) {
      auto where = context(stop, search.step);
      const Instant asked = loop_.clock().now();
      auto found =
          co_await chain_->knowledge->search(search.knowledge, search.query, search.overrides, where);
      const auto ms = std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - asked).count();
      // A search only reads: the next start makes it again.
      const bool later = !found && stop_.reason() == StopReason::shutdown;
      if (!later) hits = co_await take_hits(search, std::move(found), ms);
    }
  }
  slots_.give_back();
  co_return hits;
}

Task<Chained<std::vector<memory::Hit>>> ChainRun::take_hits(const ChainSearch& search,
                                                            Result<memory::Retrieved> found,
                                                            std::int64_t ms) {
  Event seen = record_.event("observation", search.step);
  seen.fields = {
      {"call", "c_" + search.key}, {"tool", "retrieve:" + search.knowledge}, {"ok", found.has_value()}};
  Json fact = {{"key", search.key}};
  if (found) {
    std::string output = as_observed(found->hits, found->remarks);
    const bool truncated = clip_to(output, limits::kObservation);
    seen.fields["output"] = std::move(output);
    if (truncated) seen.fields["truncated"] = true;
    fact["hits"] = hits_to_fact(found->hits);
    if (!found->remarks.empty()) fact["remarks"] = found->remarks;
  } else {
    seen.fields["error"] = found.error().message;
    fact["error"] = found.error().message;
  }
  seen.fields["ms"] = ms;
  // What another branch's failure stopped has not come to its end.
  const bool ended = found || found.error().code != ErrorCode::cancelled;
  if (ended) record_.pending().facts.push_back(record_.fact("chain.found", search.step, fact));
  record_.pending().events.push_back(std::move(seen));
  if (found)
    for (std::string& remark : found->remarks)
      warn(remark_key(remark), search.step, "search_remark", std::move(remark));
  if (!co_await record_.commit(record_.take_pending())) co_return std::unexpected(cancelled());
  if (found) co_return std::move(found->hits);
  if (!ended) co_return std::unexpected(cancelled());
  co_return std::unexpected(
      ChainEnd{.status = "failed",
               .reason = "tool_error",
               .detail = fmt::format("knowledge base {}: {}", search.knowledge, found.error().message)});
}

// Of a search: its query's embedding, and models that put hits in order or shorten them. On disk at once,
// whatever comes of the search.
void ChainRun::note_use(Event told) {
  const models::ModelUse use = use_of(told);
  store::Append append;
  append.facts.push_back(record_.fact("chain.used", told.step, usage_fact(use.usage, use.cost)));
  if (!use.cache_hit) append.spent.push_back(purse_.spend(use.usage, use.cost, use.model));
  append.events.push_back(std::move(told));
  journal_.post(std::move(append));
  budget_.spent(use.usage, use.cost);
}

// A remark is told once in a run, however many searches have it, and not beside a warning that says the same.
std::string ChainRun::remark_key(std::string_view remark) {
  return fmt::format("remark: {}", remark);
}

}  // namespace troupe::agents
