#include "agents/runs/recorded_run.h"

#include "agents/runs/fact_fields.h"
#include "agents/runs/fitting_fact.h"
#include "agents/runs/request_log.h"
#include "agents/runs/unknown_outcome.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace troupe::agents {

namespace {

Observation observation_from(const Json& event) {
  return Observation{.call = string_or(event, "call"),
                     .tool = string_or(event, "tool"),
                     .ok = flag(event, "ok"),
                     .output = string_or(event, "output"),
                     .error = string_or(event, "error"),
                     .truncated = flag(event, "truncated"),
                     .ms = number_or(event, "ms")};
}

Verdict verdict_from(const Json& fact) {
  Verdict verdict{.approved = flag(fact, "approved"),
                  .reason = string_or(fact, "reason"),
                  .by = string_or(fact, "by"),
                  .stop = flag(fact, "stop")};
  if (const Json* input = find(fact, "input")) verdict.input = *input;
  return verdict;
}

/// One pass over the facts, in the order they were written.
class Fold {
 public:
  explicit Fold(RecordedRun& run) : run_(run) {}

  void take(const store::Fact& fact, Json body) {
    run_.used = std::max(run_.used, Milliseconds(number_or(body, "used_ms")));
    if (fact.kind == "model.intent")
      intent(fact.step, body);
    else if (fact.kind == kRecalledFact)
      run_.recalled = recalled_from(body).record;
    else if (fact.kind == kCountedFact)
      counted(body);
    else if (fact.kind == "context.fitted")
      fitted(fact.step, body);
    else if (fact.kind == "model.reply")
      reply(fact.step, std::move(body));
    else if (fact.kind == "model.broken")
      broken(body);
    else if (fact.kind == "tool.intent")
      intended(body);
    else if (fact.kind == "tool.dispatched")
      dispatched(body);
    else if (fact.kind == "tool.sources")
      sources(body);
    else if (fact.kind == "tool.more")
      more(body);
    else if (fact.kind == "tool.ends")
      ends(body);
    else if (fact.kind == kUnknownFact)
      unknown(body);
    else if (fact.kind == "guard.intent")
      judged(fact.step, body);
    else if (fact.kind == "guard.verdict")
      ruled(fact.step, body);
    else if (fact.kind == "guard.lost")
      lost_verdict(fact.step, body);
    else if (fact.kind == "approval.pending")
      asked(body);
    else if (fact.kind == "approval.decided")
      decided(body);
  }

  // What was asked last and never answered was paid for, too. Asking again told the ledger of what was lost
  // before.
  void end() {
    lose(false);
    for (const auto& [key, lost] : open_rulings_) run_.lost_rulings.push_back(lost);
  }

 private:
  void counted(const Json& body) {
    run_.token_ratio = amount_or(body, "ratio", 1);
    run_.context_learned = number_or(body, "context");
  }

  void lose(bool told) {
    if (open_.input > 0) run_.lost.push_back({open_.input, open_.entry, told});
  }

  void intent(int step, const Json& body) {
    lose(true);
    open_ = {.input = number_or(body, "input"), .entry = string_or(body, "entry")};
    open_asked_.reset();
    // Versions that wrote no `counted` made the same of the same conversation everywhere.
    if (find(body, "counted"))
      open_asked_ = AskedBefore{.input = open_.input,
                                .limit = string_or(body, "limit"),
                                .detail = string_or(body, "limit_detail"),
                                .left_out = flag(body, "left_out")};
    awaited_ = true;
    run_.last_intent_step = step;
    run_.last_intent_attempt = static_cast<int>(number_or(body, "attempt", 1));
    run_.journaled_messages = static_cast<std::size_t>(number_or(body, "messages"));
    if (const Json* system = find(body, "system"); system && system->is_string())
      run_.system = system->get<std::string>();
  }

  void intended(const Json& body) {
    const std::string call = string_or(body, "call");
    run_.intents.insert(call);
    if (std::string key = string_or(body, "key"); !key.empty())
      run_.keys.insert_or_assign(call, std::move(key));
  }

  // Whoever allowed it once more allowed this one.
  void dispatched(const Json& body) {
    const std::string call = string_or(body, "call");
    run_.dispatched.insert(call);
    run_.doubts.erase(call);
  }

  void asked(const Json& body) {
    const std::int64_t since = number_or(body, "asked_ms");
    if (flag(body, kAgainField))
      run_.doubts.insert_or_assign(string_or(body, "call"), RecordedDoubt{.asked_ms = since});
    else
      run_.approvals.emplace(string_or(body, "call"), since);
  }

  void unknown(const Json& body) {
    if (Observation* seen = observation(body)) seen->unknown = true;
  }

  void fitted(int step, const Json& body) {
    run_.fitted[step].push_back(fitting_from_fact(body));
    if (run_.fitted[step].back().exceeded) open_ = {};  // what is refused as too long costs nothing
  }

  void reply(int step, Json body) {
    open_ = {};
    if (open_asked_) run_.asked[step] = *std::exchange(open_asked_, std::nullopt);
    awaited_ = false;
    run_.replies.push_back(std::move(body));
  }

  void broken(const Json& body) {
    open_ = {};
    run_.broken.input_tokens += number_or(body, "input");
    run_.broken.output_tokens += number_or(body, "output");
    if (const Json* cost = find(body, "cost"); cost && cost->is_number())
      run_.broken_cost += cost->get<double>();
  }

  Observation* observation(const Json& body) {
    auto seen = run_.observations.find(string_or(body, "call"));
    return seen == run_.observations.end() ? nullptr : &seen->second;
  }

  void sources(const Json& body) {
    Observation* seen = observation(body);
    const Json* list = find(body, "sources");
    if (!seen || !list || !list->is_array()) return;
    for (const Json& source : *list) {
      const Json* passage = find(source, "passage");
      seen->sources.push_back(
          {string_or(source, "title"), string_or(source, "url"), passage ? *passage : Json()});
    }
  }

  void ends(const Json& body) {
    if (Observation* seen = observation(body)) seen->ends = true;
  }

  void more(const Json& body) {
    const Observation::More more{.cursor = string_or(body, "cursor"),
                                 .offset = static_cast<std::size_t>(number_or(body, "offset")),
                                 .bytes = static_cast<std::size_t>(number_or(body, "bytes"))};
    if (Observation* seen = observation(body)) seen->more = more;
    if (std::string blob = string_or(body, "blob"); !blob.empty())
      run_.outputs.push_back({.cursor = more.cursor, .blob = std::move(blob), .bytes = more.bytes});
  }

  void decided(const Json& body) {
    Verdict verdict = verdict_from(body);
    if (flag(body, kAgainField)) {
      if (Observation* seen = observation(body)) seen->stop = verdict.stop;
      run_.doubts[string_or(body, "call")].verdict = std::move(verdict);
      return;
    }
    if (Observation* seen = observation(body)) {
      seen->denied = !verdict.approved;
      seen->stop = verdict.stop;
      if (!flag(body, "answer")) seen->edited = verdict.input;
    }
    run_.verdicts.emplace(string_or(body, "call"), std::move(verdict));
  }

  using RulingKey = std::tuple<bool, int, std::size_t>;

  static RulingKey ruling_key(int step, const Json& body) {
    return {string_or(body, "side") == "output", step, static_cast<std::size_t>(number_or(body, "place"))};
  }

  void judged(int step, const Json& body) {
    const RulingKey key = ruling_key(step, body);
    if (auto open = open_rulings_.find(key); open != open_rulings_.end())
      run_.lost_rulings.push_back(open->second);
    open_rulings_[key] = {.output = std::get<0>(key),
                          .step = step,
                          .rule = std::get<2>(key),
                          .input = number_or(body, "input")};
  }

  // What a stop or a broken stream took has its usage event; of what a crash took only the ledger knows.
  void lost_verdict(int step, const Json& body) {
    const RulingKey key = ruling_key(step, body);
    if (!flag(body, "crash")) return used_by_judge(key, body, {});
    for (LostVerdict& lost : run_.lost_rulings) {
      if (lost.told || RulingKey(lost.output, lost.step, lost.rule) != key) continue;
      lost.told = true;
      return;
    }
    const auto open = open_rulings_.extract(key);
    if (open.empty()) return;
    run_.lost_rulings.push_back(open.mapped());
    run_.lost_rulings.back().told = true;
  }

  void ruled(int step, const Json& body) {
    used_by_judge(ruling_key(step, body), body,
                  {.decided = !flag(body, "unreadable"),
                   .pass = flag(body, "pass"),
                   .undecided = flag(body, "undecided"),
                   .reason = string_or(body, "reason")});
  }

  void used_by_judge(const RulingKey& key, const Json& body, RecordedVerdict verdict) {
    open_rulings_.erase(key);
    std::tie(verdict.output, verdict.step, verdict.rule) = key;
    verdict.replies = run_.replies.size();
    verdict.awaited = awaited_;
    if (const Json* usage = find(body, "usage"))
      verdict.usage = {number_or(*usage, "input"), number_or(*usage, "output"), number_or(*usage, "cached")};
    if (const Json* cost = find(body, "cost"); cost && cost->is_number()) verdict.cost = cost->get<double>();
    run_.rulings.push_back(std::move(verdict));
  }

  RecordedRun& run_;
  LostRequest open_;  // unless something comes of it
  std::optional<AskedBefore> open_asked_;
  bool awaited_ = false;  // a request to the model has no reply yet
  std::map<RulingKey, LostVerdict> open_rulings_;
};

}  // namespace

Result<RecordedRun> fold_run(const std::vector<store::Fact>& facts, const std::vector<Frame>& events) {
  RecordedRun run;
  for (const Frame& frame : events) {
    if (frame.type == "run.started") run.started = true;
    if (frame.type != "observation") continue;
    auto event = parse_json(*frame.text);
    if (!event) return within("journal, run " + frame.run + ", an observation", event.error());
    Observation seen = observation_from(*event);
    run.observations.emplace(seen.call, std::move(seen));
  }
  Fold fold(run);
  for (const store::Fact& fact : facts) {
    auto body = parse_json(fact.body);
    if (!body) return within("journal, run " + fact.run + ", fact " + std::string(fact.kind), body.error());
    fold.take(fact, std::move(*body));
  }
  fold.end();
  return run;
}

}  // namespace troupe::agents
