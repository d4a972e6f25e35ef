#include "agents/runs/run_guard.h"

#include "agents/guardrails/verdict.h"
#include "agents/runs/error_fact.h"
#include "agents/runs/facts.h"
#include "agents/runs/refusal_fact.h"
#include "agents/runs/run_target.h"
#include "tools/observation.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

std::string_view word(Side side) {
  return side == Side::input ? "input" : "output";
}

std::string_view noun(Side side) {
  return side == Side::input ? "message" : "answer";
}

Ruling of(Ruling::Kind kind, const Rule& rule, std::string reason = "") {
  return {.kind = kind, .rule = &rule, .why = {.reason = std::move(reason)}};
}

std::string sentence(const Ruling& ruling) {
  const std::string_view text = noun(ruling.rule->side());
  if (ruling.kind == Ruling::Kind::undecided)
    return fmt::format("rule `{}` could not decide about the {}, which is refused therefore: {}",
                       ruling.rule->name(), text, ruling.why.reason);
  return fmt::format("rule `{}` refused the {}: {}", ruling.rule->name(), text, ruling.why.reason);
}

}  // namespace

/// One text before several models.
struct RunGuard::Batch {
  Batch(Loop& loop, const Judged& text, int number, Stop& parent)
      : judged(text), step(number), stop(parent), slots(loop, limits::kJudgesAtOnce) {}

  const Judged& judged;
  int step;
  Stop stop;
  Slots slots;
};

RunGuard::RunGuard(Run run, Secrets secrets)
    : run_(std::move(run)),
      secrets_(std::move(secrets)),
      rules_(*run_.agent.guardrails),
      nursery_(run_.loop),
      sent_back_(rules_.output.size()) {
  const store::RunRow& row = run_.record.row();
  message_ = judged_message(row.input, inputs_of(row));
}

RunGuard::~RunGuard() = default;

std::string RunGuard::clean(std::string_view text) const {
  return std::string(tools::beginning(redact(text, secrets_), limits::kRuleReasonBytes));
}

// Of a call that `entry` served; "": the rule's own model.
std::optional<models::Price> RunGuard::price_of(const Rule& rule, const std::string& entry) const {
  return entry.empty() ? rule.judge.price : models::price_in(*run_.agent.prices, entry);
}

Task<Ruling> RunGuard::admit(Stop& stop) {
  count_recorded(0, false);
  if (run_.recorded.replies.empty()) count_rest();
  Ruling ruling = co_await check(rules_.input, message_, stop);
  if (ruling.kind == Ruling::Kind::refused) run_.record.pending().events.push_back(warning(ruling, 0));
  if (ruling.passed()) ruling = co_await judge(rules_.input, RuleMode::blocking, message_, 0, stop);
  const bool more = std::ranges::any_of(rules_.input, [](const Rule& rule) {
    return rule.asks_judge() && rule.settings().mode == RuleMode::parallel;
  });
  if (ruling.passed() && !more) message_passed_ = true;
  co_return ruling;
}

void RunGuard::judge_beside(Stop& run) {
  if (message_passed_) return;
  beside_stop_ = std::make_unique<Stop>(run);
  nursery_.spawn("rules beside a run", [this] { return work_beside(); });
}

Task<> RunGuard::work_beside() {
  Ruling ruling = co_await judge(rules_.input, RuleMode::parallel, message_, 0, *beside_stop_);
  decide_message(std::move(ruling));
}

void RunGuard::decide_message(Ruling ruling) {
  if (ruling.passed())
    message_passed_ = true;
  else if (ruling.kind != Ruling::Kind::stopped)
    beside_ = std::move(ruling);
  for (OneShot<bool>* turn : waiting_) turn->set(true);
  if (beside_) run_.refused_beside();
}

Task<bool> RunGuard::admitted(Stop& stop) {
  if (!message_passed_ && !beside_ && !stop.requested()) {
    OneShot<bool> turn(run_.loop);
    waiting_.insert(&turn);
    auto hook = stop.on_request([&turn] { turn.set(false); });
    co_await turn.wait();
    waiting_.erase(&turn);
  }
  co_return message_passed_;
}

std::optional<Finish> RunGuard::refused_beside() const {
  if (!beside_) return std::nullopt;
  return end_of(*beside_);
}

bool RunGuard::answers_wait() const {
  return !message_passed_ || Guardrails::ask_judges(rules_.output);
}

Task<Ruling> RunGuard::check_answer(Judged answer, Stop& stop) {
  co_return co_await check(rules_.output, answer, stop);
}

Task<Ruling> RunGuard::judge_answer(Judged answer, Stop& stop) {
  if (run_.recorded.replies.empty()) count_rest();
  co_return co_await judge(rules_.output, std::nullopt, answer, react_->step(), stop);
}

// A long text takes several steps; the loop has its turn between them.
Task<Ruling> RunGuard::check(const std::vector<Rule>& rules, const Judged& judged, Stop& stop) {
  for (const Rule& rule : rules) {
    if (rule.asks_judge()) continue;
    RuleCheck held(rule, judged);
    while (held.step())
      if (!co_await run_.loop.sleep_for(Milliseconds(0), stop)) co_return Ruling{Ruling::Kind::stopped};
    if (!held.refusal()) continue;
    Ruling ruling = of(Ruling::Kind::refused, rule, clean(held.refusal()->reason));
    ruling.why.excerpt = held.refusal()->excerpt;
    co_return ruling;
  }
  co_return Ruling{};
}

Task<Ruling> RunGuard::judge(const std::vector<Rule>& rules, std::optional<RuleMode> mode,
                             const Judged& judged, int step, Stop& stop) {
  std::vector<Ruling> rulings(rules.size());
  Batch batch(run_.loop, judged, step, stop);
  {
    Nursery nursery(run_.loop);
    for (std::size_t i = 0; i < rules.size(); ++i)
      if (rules[i].asks_judge() && (!mode || rules[i].settings().mode == *mode))
        nursery.spawn("rule", [&, i] { return judge_in(batch, rules[i], rulings[i]); });
    if (nursery.size() > 0) co_await nursery.join();
  }
  if (stop.requested()) co_return Ruling{Ruling::Kind::stopped};
  using Kind = Ruling::Kind;
  for (Kind kind : {Kind::refused, Kind::undecided, Kind::limit, Kind::stopped})
    for (Ruling& ruling : rulings)
      if (ruling.kind == kind) co_return std::move(ruling);
  co_return Ruling{};
}

Task<> RunGuard::judge_in(Batch& batch, const Rule& rule, Ruling& ruling) {
  co_await batch.slots.take();
  ruling = co_await ask(rule, batch.judged, batch.step, batch.stop);
  batch.slots.give_back();
  if (!ruling.passed()) batch.stop.request(StopReason::cancelled);
}

std::optional<Ruling> RunGuard::known(const Rule& rule, int step) const {
  for (const RecordedVerdict& verdict : run_.recorded.rulings) {
    if (!verdict.decided || verdict.output != (rule.side() == Side::output) || verdict.step != step ||
        verdict.rule != rule.place())
      continue;
    if (verdict.pass) return Ruling{};
    return of(verdict.undecided ? Ruling::Kind::undecided : Ruling::Kind::refused, rule, verdict.reason);
  }
  return std::nullopt;
}

Task<Ruling> RunGuard::ask(const Rule& rule, const Judged& judged, int step, Stop& stop) {
  if (auto before = known(rule, step)) co_return std::move(*before);
  if (stop.requested()) co_return Ruling{Ruling::Kind::stopped};
  const std::size_t bytes = judged.text.size() + judged.beside.size();
  if (bytes <= limits::kJudgedBytes) co_return co_await ask_twice(rule, judged, step, stop);
  Ruling ruling = of(Ruling::Kind::refused, rule,
                     fmt::format("it has {} bytes; at most {} are judged, and what is not judged is refused",
                                 bytes, limits::kJudgedBytes));
  (void)co_await keep(ruling, step, nullptr);
  co_return ruling;
}

Task<Ruling> RunGuard::ask_twice(const Rule& rule, const Judged& judged, int step, Stop& stop) {
  auto transcript = std::make_shared<models::Transcript>();
  transcript->add({.role = models::Role::system, .content = rule.judge.system});
  transcript->add(judged_to_message(judged));
  std::string problem;
  for (int attempt = 1; attempt <= limits::kVerdictAttempts; ++attempt) {
    auto asked = co_await ask_once(rule, transcript, step, attempt, stop);
    if (!asked) {
      Ruling ruling = of(Ruling::Kind::limit, rule);
      ruling.limit = std::move(asked.error());
      co_return ruling;
    }
    JudgeReply& came = *asked;
    if (!came.reply && stop.reason() != StopReason::shutdown) note_lost(rule, step, came);
    if (!came.reply && (stop.requested() || run_.record.lost())) co_return Ruling{Ruling::Kind::stopped};
    // Nobody was shown what broke off in the middle, so it may be asked for anew.
    if (!came.reply && came.lost.output_tokens > 0 && attempt < limits::kVerdictAttempts) continue;
    if (!came.reply) {
      Ruling ruling = of(Ruling::Kind::undecided, rule, clean(came.reply.error().message));
      (void)co_await keep(ruling, step, &came);
      co_return ruling;
    }
    auto judgement = read_judgement(came.reply->text);
    if (judgement) {
      std::string reason = judgement->reason;
      if (reason.empty())
        reason = rule.asks_plugin() ? "its plugin gave no reason" : "its model gave no reason";
      Ruling ruling =
          judgement->pass ? Ruling{.rule = &rule} : of(Ruling::Kind::refused, rule, clean(reason));
      if (!co_await keep(ruling, step, &came)) co_return Ruling{Ruling::Kind::stopped};
      co_return ruling;
    }
    problem = judgement.error().message;
    if (attempt == limits::kVerdictAttempts) {
      Ruling ruling = of(
          Ruling::Kind::undecided, rule,
          fmt::format("the verdict of its model could not be read, {} times in a row: {}", attempt, problem));
      (void)co_await keep(ruling, step, &came);
      co_return ruling;
    }
    if (!co_await keep_unreadable(rule, step, came)) co_return Ruling{Ruling::Kind::stopped};
    transcript->add({.role = models::Role::assistant,
                     .content = std::string(tools::beginning(came.reply->text, limits::kRulePromptBytes))});
    transcript->add({.role = models::Role::user, .content = dump(Json{{"correction", problem}})});
  }
  co_return Ruling{Ruling::Kind::stopped};
}

// What the call uses counts while it is at work, so that judges that are asked at once do not all get the
// same rest of a limit.
Task<std::expected<JudgeReply, LimitReached>> RunGuard::ask_once(
    const Rule& rule, std::shared_ptr<models::Transcript> transcript, int step, int attempt, Stop& stop) {
  if (rule.asks_plugin()) co_return co_await ask_plugin(rule, std::move(transcript), step, stop);
  std::optional<models::Price> price = rule.judge.price;
  const std::int64_t input = request_tokens(rule, *transcript);
  auto allowed = react_->aside(input, price);
  if (!allowed) co_return std::unexpected(std::move(allowed.error()));
  const std::string of = judge_request(word(rule.side()), rule.place());
  auto shared = run_.purse.hold(input, price, step, of);
  if (!shared) {
    run_.record.pending().facts.push_back(refusal_fact(run_.record, step, of, shared.error()));
    co_return std::unexpected(std::move(shared.error()));
  }
  std::int64_t tokens = 0;
  double cost = 0;
  const auto hold = [&](std::int64_t written) {
    const double costs = cost_of({.input_tokens = input, .output_tokens = written}, price);
    react_->hold_aside(input + written - tokens, costs - cost);
    tokens = input + written;
    cost = costs;
    return run_.purse.written(*shared, written) && react_->aside_fits(price);
  };
  hold(0);
  note_intent(rule, *transcript, step, attempt, input);
  JudgeReply came{.reply = fail(ErrorCode::cancelled, "not asked: the run was stopped")};
  if (co_await run_.record.commit(run_.record.take_pending()) && !stop.requested())
    came = co_await ask_judge(rule, transcript, *allowed, limits::kVerdictTokens, *run_.agent.prices,
                              run_.context(stop), {.written = hold, .served_at = [&](const auto& other) {
                                                     if (!run_.purse.serve(*shared, other)) return false;
                                                     price = other;
                                                     return true;
                                                   }});
  react_->hold_aside(-tokens, -cost);
  co_return came;
}

// It uses nothing that a limit counts but time.
Task<JudgeReply> RunGuard::ask_plugin(const Rule& rule, std::shared_ptr<models::Transcript> transcript,
                                      int step, Stop& stop) {
  note_intent(rule, *transcript, step, 1, 0);
  JudgeReply came{.reply = fail(ErrorCode::cancelled, "not asked: the run was stopped")};
  if (co_await run_.record.commit(run_.record.take_pending()) && !stop.requested())
    came = co_await ask_judge(
        rule, std::move(transcript), {}, limits::kVerdictTokens, *run_.agent.prices, run_.context(stop),
        {.written = [](std::int64_t) { return true; }, .served_at = [](const auto&) { return true; }});
  co_return came;
}

void RunGuard::note_intent(const Rule& rule, const models::Transcript& transcript, int step, int attempt,
                           std::int64_t input) {
  Json body = {{"rule", rule.name()},   {"side", word(rule.side())},
               {"place", rule.place()}, {"attempt", attempt},
               {"input", input},        {"model", judge_name(rule.settings())}};
  for (const models::Message& message : transcript.messages()) {
    models::Message masked = message;
    if (!secrets_.empty()) masked.content = redact(masked.content, secrets_);
    body["messages"].push_back(message_to_fact(masked));
  }
  run_.record.pending().facts.push_back(run_.record.fact("guard.intent", step, body));
}

void RunGuard::note_usage(const Rule& rule, int step, const models::ModelReply& reply, std::int64_t ms) {
  const models::Usage& usage = reply.usage;
  if (usage.input_tokens + usage.output_tokens == 0) return;
  const double cost = cost_of(reply, price_of(rule, reply.entry));
  react_->count_aside(usage, cost);
  if (!reply.cache_hit)
    run_.record.pending().spent.push_back(
        run_.purse.spend(usage, cost, reply.entry.empty() ? judge_name(rule.settings()) : reply.entry));
  run_.record.pending().events.push_back(
      usage_event(run_.record.event("usage", step), reply, rule.judge.model->name(), cost, ms));
}

// A call that ended without a verdict: no start takes its intent for one whose reply a crash took.
void RunGuard::note_lost(const Rule& rule, int step, const JudgeReply& from) {
  models::ModelReply lost;
  lost.usage = from.lost;
  lost.entry = from.entry;
  Json fact = fact_of(rule);
  add_usage(fact, rule, lost);
  fact["error"] = error_to_fact(from.reply.error());
  run_.record.pending().facts.push_back(run_.record.fact("guard.lost", step, fact));
  note_usage(rule, step, lost, 0);
}

Json RunGuard::fact_of(const Rule& rule) {
  return {{"rule", rule.name()}, {"side", word(rule.side())}, {"place", rule.place()}};
}

void RunGuard::add_usage(Json& fact, const Rule& rule, const models::ModelReply& reply) const {
  const models::Usage& usage = reply.usage;
  fact["usage"] = {
      {"input", usage.input_tokens}, {"output", usage.output_tokens}, {"cached", usage.cached_tokens}};
  if (usage.estimated) fact["usage"]["estimated"] = true;
  fact["cost"] = cost_of(reply, price_of(rule, reply.entry));
}

Json RunGuard::verdict_fact(const Rule& rule, const JudgeReply* from) const {
  Json fact = fact_of(rule);
  if (!from || !from->reply) return fact;
  add_usage(fact, rule, *from->reply);
  fact["text"] = redact(from->reply->text, secrets_);
  if (!from->reply->model.empty()) fact["model"] = from->reply->model;
  if (!from->reply->entry.empty()) fact["entry"] = from->reply->entry;
  fact["ms"] = from->ms;
  return fact;
}

// Verdict, what it cost and what clients are told of it are one append: none is there without the others.
Task<bool> RunGuard::keep(const Ruling& ruling, int step, const JudgeReply* from) {
  const Rule& rule = *ruling.rule;
  Json fact = verdict_fact(rule, from);
  fact["pass"] = ruling.passed();
  if (ruling.kind == Ruling::Kind::undecided) fact["undecided"] = true;
  if (!ruling.passed()) fact["reason"] = ruling.why.reason;
  run_.record.pending().facts.push_back(run_.record.fact("guard.verdict", step, fact));
  if (from && from->reply) note_usage(rule, step, *from->reply, from->ms);
  if (!ruling.passed()) run_.record.pending().events.push_back(warning(ruling, step));
  co_return co_await run_.record.commit(run_.record.take_pending());
}

Task<bool> RunGuard::keep_unreadable(const Rule& rule, int step, const JudgeReply& from) {
  Json fact = verdict_fact(rule, &from);
  fact["unreadable"] = true;
  run_.record.pending().facts.push_back(run_.record.fact("guard.verdict", step, fact));
  note_usage(rule, step, *from.reply, from.ms);
  co_return co_await run_.record.commit(run_.record.take_pending());
}

std::string RunGuard::note_for_model(const Ruling& ruling) {
  const Rule& rule = *ruling.rule;
  if (ruling.kind != Ruling::Kind::refused || rule.settings().on_fail == OnRefusal::stop) return "";
  if (++sent_back_[rule.place()] > rule.settings().retries) return "";
  std::string note = fmt::format("the answer was not shown, because the rule `{}` refused it: {}",
                                 rule.name(), ruling.why.reason);
  if (!ruling.why.excerpt.empty()) note += fmt::format(" ({})", dump(Json(ruling.why.excerpt)));
  if (!rule.settings().message.empty()) note += fmt::format(". {}", rule.settings().message);
  return note + "\nWrite the answer again so that it keeps to the rule";
}

Finish RunGuard::end_of(const Ruling& ruling) const {
  if (ruling.kind == Ruling::Kind::limit)
    return {.status = "limit",
            .reason = ruling.limit.reason,
            .detail = fmt::format("{}; the {} was not judged by rule `{}`", ruling.limit.detail,
                                  noun(ruling.rule->side()), ruling.rule->name())};
  const std::string& message = ruling.rule->settings().message;
  if (ruling.kind == Ruling::Kind::undecided && ruling.rule->asks_plugin() && !message.empty())
    return {.status = "failed",
            .reason = "guardrail",
            .detail = fmt::format("{}. {}", sentence(ruling), message)};
  const bool refused = ruling.kind == Ruling::Kind::refused;
  return {.status = refused ? "denied" : "failed",
          .reason = "guardrail",
          .detail = refused && !message.empty() ? message : sentence(ruling)};
}

Event RunGuard::warning(const Ruling& ruling, int step) const {
  return warning_event(run_.record.event("warning", step), "guardrail", sentence(ruling));
}

void RunGuard::count_recorded(std::size_t replies, bool open) {
  const auto& all = run_.recorded.rulings;
  for (; counted_ < all.size(); ++counted_) {
    const RecordedVerdict& next = all[counted_];
    if (next.replies > replies || (next.replies == replies && next.awaited && !open)) return;
    react_->count_aside(next.usage, next.cost);
  }
}

bool RunGuard::count_rest() {
  const std::size_t before = counted_;
  count_recorded(std::string::npos, true);
  for (const LostVerdict& lost : run_.recorded.lost_rulings) {
    const auto& rules = lost.output ? rules_.output : rules_.input;
    if (lost.rule >= rules.size()) continue;
    const models::Usage usage{.input_tokens = lost.input, .estimated = true};
    const Rule& rule = rules[lost.rule];
    const double cost = cost_of(usage, rule.judge.price);
    react_->count_lost_aside(usage, cost);
    if (lost.told) continue;
    Json fact = fact_of(rule);
    models::ModelReply taken;
    taken.usage = usage;
    add_usage(fact, rule, taken);
    fact["crash"] = true;
    run_.record.pending().facts.push_back(run_.record.fact("guard.lost", lost.step, fact));
    if (!rule.asks_plugin())
      run_.record.pending().spent.push_back(run_.purse.spend(usage, cost, rule.settings().model));
  }
  const bool lost = !std::exchange(run_.recorded.lost_rulings, {}).empty();
  return lost || counted_ != before;
}

Task<> RunGuard::end() {
  if (beside_stop_) beside_stop_->request(StopReason::cancelled);
  co_await nursery_.join();
}

}  // namespace troupe::agents
