#include "agents/runs/agent_run.h"

#include "agents/limits.h"
#include "agents/react/step_parser.h"
#include "agents/runs/agent_memory.h"
#include "agents/runs/attachments.h"
#include "agents/runs/error_fact.h"
#include "agents/runs/fact_fields.h"
#include "agents/runs/refusal_fact.h"
#include "agents/runs/tool_steps.h"
#include "models/fallback.h"
#include "models/governor/retry_policy.h"
#include "runtime/async/nursery.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

// The reply of a recorded step: what the parser made of it while it streamed, it makes of it again.
ParsedStep parse_whole(const Strategy& strategy, const std::string& text) {
  std::vector<StepDelta> ignored;
  auto parser = make_step_parser(strategy.parser());
  parser->feed(text, ignored);
  return parser->finish(ignored);
}

// A quarter of the run's time is for the last answer, where one is wanted, but not more than it can need.
Milliseconds working_time(const AgentSettings& settings) {
  const Milliseconds whole = settings.limits.time;
  if (settings.on_limit == OnLimit::stop) return whole;
  return whole - std::min<Milliseconds>(whole / 4, limits::kBestAnswerTime);
}

// The end of a run with something to show, which the rules for answers are held against first.
const Finish* answer_in(const Step& step) {
  const auto* end = std::get_if<Finish>(&step);
  return end && (end->status == "done" || !end->answer.empty()) ? end : nullptr;
}

// What escapes from a model is an error of it like any other.
Task<Result<models::ModelReply>> ask_guarded(models::Model& model, models::ModelRequest request,
                                             models::TokenSink& sink, CallContext& context) {
  std::string escaped;
  try {
    auto asked = model.complete(std::move(request), sink, context);
    co_return co_await std::move(asked);
  } catch (const std::exception& e) {
    escaped = e.what();
  }
  log::error("an exception escaped from a model", {{"model", model.name()}, {"what", escaped}});
  co_return fail(ErrorCode::internal,
                 fmt::format("the model `{}` failed unexpectedly ({})", model.name(), escaped));
}

LimitReached reached_by_cut(const RecordedReply& known) {
  const models::Usage& usage = known.reply.usage;
  const bool cost = known.cut == "max_cost";
  if (!known.budget.empty())
    return {cost ? "max_cost" : "max_tokens",
            fmt::format("the model's reply was cut off after about {} tokens: {}", usage.output_tokens,
                        known.budget),
            true};
  return {cost ? "max_cost" : "max_tokens",
          fmt::format("the model's reply was cut off after about {} tokens, where the run's {} ended",
                      usage.output_tokens, cost ? "cost limit" : "tokens")};
}

}  // namespace

/// Volatile events of this run, stamped and handed to whoever watches the session.
class AgentRun::Deltas final : public EventSink {
 public:
  explicit Deltas(AgentRun& run) : run_(run) {}

  void publish(Event event) override {
    run_.record_.stamp(event);
    if (event.step == 0 && run_.react_) event.step = run_.react_->step();
    if (event.type == "warning" && was_told(event)) return;
    if (event.type == "usage") return run_.note_use(std::move(event));
    if (event.type == "handoff") return run_.record_.pending().events.push_back(std::move(event));
    // A warning is journaled, everything else that a call reports is superseded by what it leads to.
    if (event.type != "warning") return run_.record_.publish(event);
    run_.record_.pending().events.push_back(std::move(event));
    if (warned) warned();
  }

  std::function<void()> warned;  // a warning is there to be committed

 private:
  // Which models are beyond a budget is the same at each step, and told once.
  bool was_told(const Event& event) {
    std::string text = string_or(event.fields, "text");
    if (!text.contains(models::kBeyondBudget)) return false;
    return text == std::exchange(beyond_, text);
  }

  AgentRun& run_;
  std::string beyond_;  // as told last
};

struct AgentRun::Asked {
  Result<models::ModelReply> reply;
  std::int64_t ms = 0;
};

AgentRun::AgentRun(Loop& loop, store::Journal& journal, Account& account, std::shared_ptr<const Agent> agent,
                   store::RunRow row, std::string system, Secrets secrets, Stop& stop, RecordedRun recorded)
    : loop_(loop),
      journal_(journal),
      agent_(std::move(agent)),
      system_(std::move(system)),
      stop_(stop),
      work_(std::make_unique<Stop>(stop)),
      recorded_(std::move(recorded)),
      record_(journal, std::move(row)),
      purse_(account, loop.clock(), record_.row()),
      clock_(loop, working_time(agent_->settings), recorded_.used),
      guard_(!agent_->guardrails
                 ? nullptr
                 : std::make_unique<RunGuard>(
                       RunGuard::Run{.loop = loop,
                                     .record = record_,
                                     .purse = purse_,
                                     .agent = *agent_,
                                     .recorded = recorded_,
                                     .context = [this](Stop& own) { return judging(own); },
                                     .refused_beside = [this] { work_->request(StopReason::cancelled); }},
                       secrets)),
      requests_(std::move(secrets), recorded_.journaled_messages, recorded_.system),
      schemas_(agent_->settings.output.schema),
      calls_(loop, journal, record_, clock_, *agent_, recorded_),
      deltas_(std::make_unique<Deltas>(*this)) {
  if (guard_ && !agent_->guardrails->input.empty())
    calls_.set_gate([this](Stop& stop) { return guard_->admitted(stop); });
}

AgentRun::~AgentRun() = default;

Task<> AgentRun::run() {
  std::optional<std::string> escaped;
  try {
    co_await drive();
  } catch (const std::exception& e) {  // such as no memory: it ends this run, not the daemon
    escaped = e.what();
  }
  if (guard_) co_await guard_->end();
  if (escaped) co_await fail_by(std::move(*escaped));
}

Task<> AgentRun::fail_by(std::string escaped) {
  log::error("an exception escaped from a run", {{"run", record_.row().id}, {"what", escaped}});
  if (record_.lost() || record_.row().finished()) co_return;
  RunEnd end{.status = "failed", .reason = "internal"};
  const std::string detail = fmt::format("the run failed unexpectedly ({})", escaped);
  end.detail = detail;
  if (react_) {
    end.steps = react_->step();
    end.input_tokens = react_->input_tokens();
    end.output_tokens = react_->output_tokens();
    end.cost = react_->cost();
  }
  store::Append last = record_.take_pending();
  record_.finish(end, loop_.clock().wall_ms(), last);
  co_await record_.commit(std::move(last));
}

Task<> AgentRun::drive() {
  clock_.start([this] { work_->request(StopReason::deadline); });
  auto start = co_await begin();
  if (!start) {
    react_ = std::make_unique<ReactLoop>(agent_->settings.limits, LoopStart{});
    if (guard_) guard_->begin(*react_);
    co_await finish({.status = "failed", .reason = "internal", .detail = start.error().message});
    co_return;
  }
  react_ = std::make_unique<ReactLoop>(agent_->settings.limits, std::move(*start), agent_->strategy->clone(),
                                       agent_->output, rules(), prompt_rules());
  note_history();
  if (recorded_.broken.input_tokens + recorded_.broken.output_tokens > 0)
    react_->count_lost(recorded_.broken, recorded_.broken_cost);
  if (auto refused = co_await admit()) {
    co_await finish(std::move(*refused));
    co_return;
  }
  Step step = react_->start();
  while (!record_.lost()) {
    if (auto* end = std::get_if<Finish>(&step)) {
      co_await finish(std::move(*end));
      co_return;
    }
    if (stop_.reason() == StopReason::shutdown) co_return;  // the next start goes on from the journal
    step = co_await perform(std::move(step));
  }
}

LoopRules AgentRun::rules() const {
  LoopRules rules{.on_limit = agent_->settings.on_limit,
                  .on_deny = agent_->settings.on_deny,
                  .on_unknown = agent_->settings.on_unknown,
                  .price = agent_->price};
  const bool declared = agent_->strategy->tool_mode() == models::ToolMode::native;
  if (agent_->tokens)
    rules.overhead = agent_->tokens->beside(declared ? *agent_->toolbox->declarations()
                                                     : std::vector<models::ToolDeclaration>());
  for (std::size_t i = 1; i < agent_->chain.size(); ++i)
    rules.fallbacks.push_back(agent_->price_of(agent_->chain[i]));
  keep_back_for_judges(rules);
  return rules;
}

PromptRules AgentRun::prompt_rules() {
  return {.tokens = agent_->tokens,
          .window = agent_->window,
          .asked = std::move(recorded_.asked),
          .fitted = std::move(recorded_.fitted)};
}

// On disk together with the request that leaves it out.
void AgentRun::note_fitted() {
  for (const Fitting& fitting : react_->take_fitted()) {
    record_.pending().facts.push_back(
        record_.fact("context.fitted", react_->step(), requests_.describe(fitting)));
    record_.pending().events.push_back(warning_event(record_.event("warning", react_->step()),
                                                     fitting.exceeded ? "context_exceeded" : "context_fitted",
                                                     sentence(fitting)));
  }
}

// What the rules for a best answer may use, where one may be asked for: as much as that has tokens, and the
// message it answers.
void AgentRun::keep_back_for_judges(LoopRules& rules) const {
  if (!guard_ || rules.on_limit == OnLimit::stop) return;
  for (const Rule& rule : agent_->guardrails->output) {
    if (!rule.asks_judge() || rule.asks_plugin()) continue;
    const std::string_view question = record_.row().input;
    const std::int64_t input = rule.judge.tokens->text(rule.judge.system) +
                               rule.judge.tokens->text(question.substr(0, limits::kJudgedQuestionBytes)) +
                               Budget::answer_tokens(agent_->settings.limits) + limits::kVerdictReserve;
    rules.judging_tokens += input + limits::kVerdictReserve;
    rules.judging_cost +=
        cost_of({.input_tokens = input, .output_tokens = limits::kVerdictReserve}, rule.judge.price);
  }
}

// The user's message, by the rules for it. Nothing is done for one that they refuse.
Task<std::optional<Finish>> AgentRun::admit() {
  if (!guard_) co_return std::nullopt;
  guard_->begin(*react_);
  const Ruling ruling = co_await guard_->admit(*work_);
  if (ruling.kind != Ruling::Kind::stopped && !ruling.passed()) co_return guard_->end_of(ruling);
  if (ruling.passed()) {
    guard_->judge_beside(stop_);
    co_return std::nullopt;
  }
  note_stop({});
  if (why_stopped() == Interrupt::deadline)
    co_return Finish{.status = "limit",
                     .reason = "max_time",
                     .detail = "the run's time was over before its rules had let the message through"};
  Step end = react_->on_interrupt(why_stopped());
  co_return std::get<Finish>(std::move(end));
}

Task<Step> AgentRun::perform(Step step) {
  // What the journal has is gone through in any case, and calls that were planned get an observation: what
  // was used counts, and none is left open in the conversation.
  if (std::holds_alternative<RunTools>(step)) co_return co_await run_tools();
  if (!recorded_.replies.empty()) co_return co_await ask_model(std::get<AskModel>(step));
  if (work_->requested()) co_return interrupted({}, true);
  if (after_step_) {
    note_stop({.after_step = true});
    co_return react_->on_interrupt(Interrupt::cancelled);
  }
  co_return co_await ask_model(std::get<AskModel>(step));
}

Task<Result<LoopStart>> AgentRun::begin() {
  LoopStart start;
  start.system = std::move(system_);
  start.user = {.role = models::Role::user, .content = record_.row().input};
  if (!recorded_.started) {
    record_.pending().events.push_back(run_event(record_.row(), "run.started"));
    record_.row().status = "running";
    record_.pending().run = record_.row();
  }
  if (auto opened = co_await purse_.open(journal_); !opened) co_return std::unexpected(opened.error());
  note_counting();
  auto images = co_await load_attachments(journal_, record_.row().extra);
  if (!images) co_return std::unexpected(images.error());
  start.user.images = std::move(*images);
  if (auto added = co_await add_blocks(start.system); !added) co_return std::unexpected(added.error());
  auto recalled = co_await recall();
  if (!recalled) co_return std::unexpected(recalled.error());
  recalled_ = std::move(*recalled);
  start.history = recalled_.messages;
  start.answers = recalled_.answers;
  co_return start;
}

// What earlier runs taught decides how much of a conversation fits: another process goes on from it.
void AgentRun::note_counting() {
  if (!agent_->tokens || !agent_->window) return;
  const double ratio = agent_->tokens->ratio();
  const std::int64_t context = agent_->window->learned();
  if (recorded_.token_ratio != 1 || recorded_.context_learned > 0) {
    agent_->tokens->go_on_from(recorded_.token_ratio);
    if (recorded_.context_learned > 0) agent_->window->learn(recorded_.context_learned);
    return;
  }
  if (recorded_.last_intent_step > 0 || (ratio == 1 && context == 0)) return;
  Json fact = {{"ratio", ratio}};
  if (context > 0) fact["context"] = context;
  record_.pending().facts.push_back(record_.fact(kCountedFact, 0, fact));
}

// As they were when the run began: a prompt does not change in the middle. What was sent has them already.
Task<Result<>> AgentRun::add_blocks(std::string& system) {
  const MemoryParts& parts = agent_->memory;
  if (!parts.block_journal || system == recorded_.system) co_return Result<>();
  const store::RunRow& row = record_.row();
  auto blocks = co_await parts.block_journal->read(row.session, parts.blocks, row.id);
  if (!blocks) co_return std::unexpected(blocks.error());
  system += "\n\n" + memory::render_blocks(*blocks);
  co_return Result<>();
}

// What was recalled is on disk with the first request at the latest, so that it is recalled again after a
// crash, whatever was summarised meanwhile.
Task<Result<memory::Recollection>> AgentRun::recall() {
  JournaledSteps steps(journal_);
  auto memory = memory_of(*agent_, journal_, steps);
  if (!memory) co_return std::unexpected(memory.error());
  auto call = context(*work_);
  if (!recorded_.recalled.is_null()) co_return co_await (*memory)->recall_again(recorded_.recalled, call);
  auto recalled = co_await (*memory)->recall(record_.row().input, call);
  if (!recalled) co_return std::unexpected(recalled.error());
  // Nothing of something is a choice, too.
  if (!recalled->what.messages.empty() || recalled->what.older > 0)
    record_.pending().facts.push_back(record_.fact(
        kRecalledFact, 0, to_json(RecalledTurns{recalled->record, agent_->settings.memory.steps})));
  co_return std::move(recalled->what);
}

// The recalled turns stand in the journal already: what is kept of the first request refers to them.
void AgentRun::note_history() {
  const std::size_t messages = recalled_.messages.size();
  const auto& all = react_->transcript()->messages();
  const std::vector<models::Message> shown(all.begin() + 1,
                                           all.begin() + 1 + static_cast<std::ptrdiff_t>(messages));
  requests_.begin(messages, form_of_answers(recalled_.messages, shown, recalled_.answers));
  recalled_ = {};
}

Task<Step> AgentRun::ask_model(AskModel ask) {
  if (ask.last) set_time(ask);
  if (!recorded_.replies.empty()) co_return co_await take_recorded(ask);
  const bool judged = guard_ && guard_->count_rest();
  if (!recorded_.lost.empty() || judged) {
    // Asked before a crash and paid for: crashing again and again must not evade the budget.
    models::Usage usage{.estimated = true};
    double cost = 0;
    for (const LostRequest& lost : recorded_.lost) {
      usage.input_tokens += lost.input;
      cost += cost_of({.input_tokens = lost.input}, agent_->price_of(lost.entry));
    }
    Step again = react_->on_lost(usage, cost);
    note_untold();
    auto* still = std::get_if<AskModel>(&again);
    if (!still) co_return again;
    ask = *still;
  }
  bool too_large = false;
  for (int broken = 0;; ++broken) {
    set_time(ask);
    if (clock_.deadline().expired(loop_.clock().now())) {  // while the answer before was judged
      work_->request(StopReason::deadline);
      co_return interrupted();
    }
    auto granted = purse_.grant(*agent_, ask.allowance, react_->step());
    if (!granted) {
      record_.pending().facts.push_back(
          refusal_fact(record_, react_->step(), model_request(), granted.error()));
      co_return react_->on_budget(std::move(granted.error()), recorded_.last_intent_step == react_->step());
    }
    Account::Hold& hold = granted->hold;
    note_fitted();
    models::ModelRequest request = request_for(ask);
    request.first_entry = granted->entry;
    record_.pending().facts.push_back(intent_fact(request, ask));
    if (!co_await record_.commit(record_.take_pending())) co_return react_->on_interrupt(Interrupt::shutdown);

    const int attempt = recorded_.last_intent_attempt;
    ReplySink sink(record_, react_->strategy(), react_->step(), ask.allowance.output, attempt,
                   guard_ && agent_->guardrails->holds_answers());
    if (broken == 0 && attempt > 1 && !too_large) sink.on_reset(attempt);  // what was shown before a crash
    std::optional<models::Price> price = agent_->price_of(granted->entry);
    sink.room = [&](std::int64_t written) {
      const std::int64_t input = ask.allowance.input;
      const std::string_view reached = react_->hold_own(
          input + written, cost_of({.input_tokens = input, .output_tokens = written}, price));
      if (!reached.empty()) ask.allowance.reason = reached;
      return purse_.written(hold, written) && reached.empty();
    };
    sink.allowed_at = [&](const std::string& entry) -> std::optional<std::int64_t> {
      const auto other = agent_->price_of(entry);
      if (!ask.allowance.pays(other) || !purse_.serve(hold, other)) return std::nullopt;
      price = other;
      ask.allowance = ask.allowance.at(price);
      return ask.allowance.output;
    };
    (void)sink.room(0);
    Asked asked = co_await complete(std::move(request), sink, ask);
    hold.end();
    react_->hold_own(0, 0);
    if (asked.reply) {
      RecordedReply known{.reply = std::move(*asked.reply), .ms = asked.ms};
      known.cost = cost_of(known.reply, agent_->price_of(known.reply.entry));
      if (sink.cut()) known.cut = hold.reached() ? hold.reached()->reason : ask.allowance.reason;
      if (sink.cut() && hold.reached()) known.budget = hold.reached()->detail;
      const models::Usage& counted = known.reply.usage;
      if (agent_->tokens && !counted.estimated && known.reply.entry.empty() && !known.reply.cache_hit)
        agent_->tokens->learn(react_->counted(), counted.input_tokens);
      co_return co_await take_reply(std::move(known), sink, ask);
    }
    const models::Usage used{
        .input_tokens = ask.allowance.input, .output_tokens = sink.tokens(), .estimated = true};
    if (work_->requested()) {
      if (stop_.reason() != StopReason::shutdown && sink.tokens() > 0) note_lost(used, sink.entry());
      sink.take_back();
      co_return interrupted();
    }
    sink.take_back();
    if (sink.tokens() > 0) note_lost(used, sink.entry());
    Error& error = asked.reply.error();
    note_failed(error, attempt, sink);
    if (error.code == ErrorCode::too_large && sink.tokens() == 0) {
      Step shorter = react_->on_too_large(error, sink.entry().empty());
      auto* still = std::get_if<AskModel>(&shorter);
      if (!still) co_return shorter;
      ask = *still;
      too_large = true;
      --broken;
      continue;
    }
    auto wait = sink.tokens() > 0 ? wait_after(error, broken) : std::nullopt;
    if (!wait) {
      if (broken > 0) error.message += fmt::format(" (the reply broke off {} times)", broken + 1);
      co_return react_->on_model_error(error);
    }
    note_broken(error, broken, *wait);
    // Nothing that was paid for is forgotten where the pause does not end.
    if (!co_await record_.commit(record_.take_pending())) co_return react_->on_interrupt(Interrupt::shutdown);
    Step again = react_->on_lost({}, 0);  // what it used is counted; is there room for another?
    auto* still = std::get_if<AskModel>(&again);
    if (!still) co_return again;
    ask = *still;
    set_time(ask);
    if (!co_await loop_.sleep_for(*wait, *work_)) co_return interrupted();
  }
}

// A best answer has the time that was kept for it, wherever its limit was reached; any other step has not,
// also where an answer before it was judged in that time.
void AgentRun::set_time(const AskModel& ask) {
  clock_.set_limit(ask.last ? agent_->settings.limits.time : working_time(agent_->settings));
}

// Who tried before a word was shown has tried often enough; only what broke off in the middle is asked again.
std::optional<Milliseconds> AgentRun::wait_after(const Error& error, int broken) const {
  const models::RetryPolicy policy{.retries = limits::kBrokenReplyRetries};
  // Runs whose streams broke together do not come back together.
  const auto spread = std::hash<std::string>{}(record_.row().id) * 0x9E3779B97F4A7C15ull;
  auto wait = policy.wait(error, broken + 2, spread);
  if (wait && *wait >= clock_.deadline().remaining(loop_.clock().now())) return std::nullopt;
  return wait;
}

void AgentRun::note_broken(const Error& error, int broken, Milliseconds wait) {
  record_.pending().events.push_back(warning_event(
      record_.event("warning", react_->step()), "reply_broken",
      fmt::format("the model's reply broke off: {}; it is asked again in {:.1f} s, attempt {} of {}",
                  error.message, static_cast<double>(wait.count()) / 1000, broken + 2,
                  limits::kBrokenReplyRetries + 1)));
}

models::ModelRequest AgentRun::request_for(const AskModel& ask) {
  static const auto kNoTools = std::make_shared<const std::vector<models::ToolDeclaration>>();
  models::ModelRequest request;
  request.intent = agent_->settings.intent;
  request.transcript = react_->transcript();
  request.tool_mode = react_->strategy().tool_mode();
  const bool declared = request.tool_mode == models::ToolMode::native;
  request.tools = ask.last && declared ? kNoTools : calls_.declarations();
  request.stop = react_->strategy().stop();
  if (auto form = react_->strategy().form(); form && agent_->constrained) {
    form->calls = form->calls && !ask.last;
    const ReplySchema& held = schemas_.of(*form, request.tools);
    request.schema = held.schema;
    request.object_schema = held.object;
  }
  return request;
}

Task<AgentRun::Asked> AgentRun::complete(models::ModelRequest request, ReplySink& sink, const AskModel& ask) {
  Stop own(*work_);
  Loop::Alarm alarm;
  sink.spent_on_reasoning = [&] {
    // Not on the stack of who delivers the text.
    alarm = loop_.at(loop_.clock().now(), [&own] { own.request(StopReason::budget); });
  };
  // Who waits for a pause or a fallback sees why while it lasts, not afterwards.
  std::unique_ptr<Nursery> telling;
  deltas_->warned = [&] {
    if (!telling) telling = std::make_unique<Nursery>(loop_);
    telling->spawn("warning of a model", [this] { return tell(); });
  };
  auto call = context(own);
  const Instant asked = loop_.clock().now();
  auto reply = co_await ask_guarded(*agent_->model, std::move(request), sink, call);
  deltas_->warned = nullptr;
  if (telling) co_await telling->join();
  if (!reply && own.reason() == StopReason::budget) {
    reply = models::ModelReply{};
    reply->finish = models::FinishReason::closed_early;
    reply->entry = sink.entry();
  }
  // Who closes a stream early is often not told what it cost.
  if (reply && sink.cut() && reply->usage.input_tokens + reply->usage.output_tokens == 0)
    reply->usage = {.input_tokens = ask.allowance.input, .output_tokens = sink.tokens(), .estimated = true};
  sink.spent_on_reasoning = nullptr;
  co_return Asked{std::move(reply),
                  std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - asked).count()};
}

Task<> AgentRun::tell() {
  if (!record_.pending().events.empty()) co_await record_.commit(record_.take_pending());
}

// What else came instead of a reply: with it, what was done about the failure can be done over again.
void AgentRun::note_failed(const Error& error, int attempt, const ReplySink& sink) {
  Json fact = {{"attempt", attempt}, {"written", sink.tokens()}};
  if (!sink.entry().empty()) fact["entry"] = sink.entry();
  fact["error"] = error_to_fact(error);
  record_.pending().facts.push_back(record_.fact("model.failed", react_->step(), fact));
}

// What a reply used that broke off.
void AgentRun::note_lost(const models::Usage& usage, const std::string& entry) {
  const double cost = cost_of(usage, agent_->price_of(entry));
  models::ModelReply lost;
  lost.usage = usage;
  lost.entry = entry;
  record_.pending().facts.push_back(
      record_.fact("model.broken", react_->step(),
                   {{"input", usage.input_tokens}, {"output", usage.output_tokens}, {"cost", cost}}));
  record_.pending().spent.push_back(purse_.spend(usage, cost, agent_->served_by(entry)));
  record_.pending().events.push_back(
      usage_event(record_.event("usage", react_->step()), lost, agent_->model->name(), cost, 0));
  react_->count_lost(usage, cost);
}

// Of a tool that asks models itself. On disk at once: a stop or a crash may take what comes of the call. It
// is counted as what brought no reply is: against the limits, and again after a restart.
void AgentRun::note_use(Event told) {
  const models::ModelUse use = use_of(told);
  store::Append append;
  append.facts.push_back(record_.fact(
      "model.broken", told.step,
      {{"input", use.usage.input_tokens}, {"output", use.usage.output_tokens}, {"cost", use.cost}}));
  if (!use.cache_hit) append.spent.push_back(purse_.spend(use.usage, use.cost, use.model));
  append.events.push_back(std::move(told));
  journal_.post(std::move(append));
  react_->count_lost(use.usage, use.cost);
}

// What a crash took is in the ledger from the append on that asks again.
void AgentRun::note_untold() {
  for (const LostRequest& lost : std::exchange(recorded_.lost, {})) {
    if (lost.told) continue;
    const models::Usage usage{.input_tokens = lost.input, .estimated = true};
    record_.pending().spent.push_back(
        purse_.spend(usage, cost_of(usage, agent_->price_of(lost.entry)), agent_->served_by(lost.entry)));
  }
}

Task<Step> AgentRun::take_recorded(AskModel ask) {
  RecordedReply known = reply_from_fact(recorded_.replies.front());
  recorded_.replies.pop_front();
  if (guard_) guard_->count_recorded(fed_, true);
  ++fed_;
  ParsedStep parsed = parse_whole(react_->strategy(), known.reply.text);
  Step step = feed(known, parsed, ask);
  if (!answer_in(step)) co_return step;
  // An answer without an end behind it was still being judged.
  const Ruling ruling = co_await check_answer(step);
  if (!ruling.passed()) co_return send_back(known.reply, ruling, nullptr);
  co_return co_await conclude(std::get<Finish>(std::move(step)), std::move(known.reply), nullptr);
}

// By the rules that ask nobody.
Task<Ruling> AgentRun::check_answer(const Step& step) {
  const Finish* end = answer_in(step);
  if (!end || !guard_) co_return Ruling{};
  co_return co_await guard_->check_answer(judged_answer(end->answer, end->data, record_.row().input), *work_);
}

// By those that ask a model, and once the message itself has passed.
Task<Step> AgentRun::conclude(Finish end, models::ModelReply reply, ReplySink* sink) {
  if (guard_) {
    guard_->count_recorded(fed_, false);
    // There is an answer: the time that was kept to ask for one is for judging it.
    if (!work_->requested()) clock_.set_limit(agent_->settings.limits.time);
    Judged judged = judged_answer(end.answer, end.data, record_.row().input);
    const Ruling ruling = co_await guard_->judge_answer(std::move(judged), *work_);
    if (record_.lost()) co_return react_->on_interrupt(Interrupt::shutdown);
    const bool stopped = ruling.kind == Ruling::Kind::stopped;
    if (!stopped && !ruling.passed()) co_return send_back(reply, ruling, sink);
    if (stopped || !co_await guard_->admitted(*work_)) {
      if (sink) sink->take_back();
      co_return interrupted();
    }
  }
  record_.pending().events.push_back(answer_event(end));
  co_return end;
}

Step AgentRun::send_back(const models::ModelReply& reply, const Ruling& ruling, ReplySink* sink) {
  if (ruling.kind == Ruling::Kind::stopped) {
    if (sink) sink->take_back();
    return interrupted();
  }
  if (sink) {
    sink->take_back();
  } else {  // what an earlier process showed of it
    Event reset = record_.event("stream.reset", react_->step());
    reset.fields["attempt"] = recorded_.last_intent_attempt + 1;
    record_.publish(reset);
  }
  std::string note = guard_->note_for_model(ruling);
  return react_->on_refused(reply, note, guard_->end_of(ruling));
}

Step AgentRun::feed(const RecordedReply& known, ParsedStep& parsed, const AskModel& ask) {
  const int step_number = react_->step();
  // Half an answer is better than none where no more can come; half an input must not be acted on.
  const bool usable = ask.last && std::holds_alternative<FinalStep>(parsed.outcome);
  if (!known.cut.empty() && !usable) return react_->on_cut(known.reply, known.cost, reached_by_cut(known));
  if (parsed.cut && known.reply.finish == models::FinishReason::length && !usable)
    parsed.outcome = Malformed{
        "the reply was cut off at the model's output limit before its step was complete; write a shorter "
        "one"};
  Step step = react_->on_reply(known.reply, parsed, known.cost);
  if (auto* wanted = std::get_if<RunTools>(&step)) calls_.plan(std::move(wanted->calls), step_number);
  return step;
}

Task<Step> AgentRun::take_reply(RecordedReply known, ReplySink& sink, const AskModel& ask) {
  ParsedStep parsed = sink.finish();
  const int step_number = react_->step();
  const models::Usage& used = known.reply.usage;
  std::vector<store::Spending> spent;
  if (!known.reply.cache_hit && used.input_tokens + used.output_tokens > 0)
    spent.push_back(purse_.spend(used, known.cost, agent_->served_by(known.reply.entry)));
  Step step = feed(known, parsed, ask);
  Ruling ruling;
  if (guard_ && answer_in(step)) ruling = co_await check_answer(step);
  store::Append append = record_.take_pending();
  std::ranges::move(spent, std::back_inserter(append.spent));
  Json fact = reply_to_fact(known.reply, known.cost, known.ms);
  if (!known.cut.empty()) fact["cut"] = known.cut;
  if (!known.budget.empty()) fact["budget"] = known.budget;
  append.facts.push_back(record_.fact("model.reply", step_number, fact));
  const bool dropped = !known.cut.empty() && !(ask.last && std::holds_alternative<FinalStep>(parsed.outcome));
  if (dropped) {
    sink.take_back();
    append.events.push_back(
        warning_event(record_.event("warning", step_number), "reply_cut", reached_by_cut(known).detail));
  } else {
    sink.settle(react_->reading());
    record_reading(parsed, step_number, append);
  }
  if (!ruling.passed()) {
    if (ruling.kind == Ruling::Kind::refused) append.events.push_back(guard_->warning(ruling, step_number));
    step = send_back(known.reply, ruling, &sink);
  }
  const bool waits = guard_ && guard_->answers_wait() && answer_in(step);
  auto* end = std::get_if<Finish>(&step);
  if (end && !waits) {
    if (answer_in(step)) append.events.push_back(answer_event(*end));
    append.events.push_back(usage_event(record_.event("usage", step_number), known.reply,
                                        agent_->model->name(), known.cost, known.ms));
    record_.pending() = std::move(append);  // goes out together with run.finished
    co_return step;
  }
  if (std::holds_alternative<RunTools>(step)) calls_.record_plan(append);
  // A call that cost nothing (builtin) is counted in the run's last usage event, not told one by one.
  if (waits || known.reply.usage.input_tokens + known.reply.usage.output_tokens > 0)
    append.events.push_back(usage_event(record_.event("usage", step_number), known.reply,
                                        agent_->model->name(), known.cost, known.ms));
  if (!co_await record_.commit(std::move(append))) co_return react_->on_interrupt(Interrupt::shutdown);
  if (waits) co_return co_await conclude(std::get<Finish>(std::move(step)), std::move(known.reply), &sink);
  co_return step;
}

void AgentRun::record_reading(const ParsedStep& parsed, int step, store::Append& append) const {
  const Reading& made = react_->reading();
  if (auto* malformed = std::get_if<Malformed>(&made.outcome)) {
    const bool answer = malformed->kind == Malformed::Kind::answer;
    append.events.push_back(warning_event(record_.event("warning", step),
                                          answer ? "invalid_answer" : "unreadable_reply", malformed->reason));
    return;
  }
  if (!parsed.repairs.empty())
    append.events.push_back(warning_event(record_.event("warning", step), "repaired_reply",
                                          fmt::format("{}", fmt::join(parsed.repairs, "; "))));
  if (made.thought.empty()) return;
  append.events.push_back(record_.event("thought", step));
  append.events.back().fields["text"] = made.thought;
}

Task<Step> AgentRun::run_tools() {
  if (guard_) guard_->count_recorded(fed_, false);
  auto own = context(*work_);
  std::vector<Observation> results = co_await calls_.run(own, stop_);
  if (record_.lost()) co_return react_->on_interrupt(Interrupt::shutdown);
  // A stop ends what is done now; steps that are on record were done before it.
  if (work_->requested() && recorded_.replies.empty()) co_return interrupted(std::move(results));
  co_return react_->on_observations(std::move(results));
}

// At the deadline there may be one more call, for a best answer, in the time that was kept for it.
Step AgentRun::interrupted(std::vector<Observation> observations, bool between) {
  if (guard_ && !stop_.requested())
    if (auto refused = guard_->refused_beside()) return std::move(*refused);
  note_stop({.between = between});
  Step next = react_->on_interrupt(why_stopped(), std::move(observations));
  if (std::holds_alternative<AskModel>(next)) work_ = std::make_unique<Stop>(stop_);
  return next;
}

Task<> AgentRun::finish(Finish end) {
  if (guard_) co_await guard_->end();
  if (record_.lost() || stop_.reason() == StopReason::shutdown) co_return;
  if (guard_) guard_->count_rest();
  note_untold();
  store::Append append = record_.take_pending();
  store::RunRow& row = record_.row();
  row.answer = std::move(end.answer);
  if (guard_ && !guard_->message_passed()) row.extra = memory::withheld(row.extra);
  record_.finish({.status = end.status,
                  .reason = end.reason,
                  .detail = end.detail,
                  .steps = react_->step(),
                  .input_tokens = react_->input_tokens(),
                  .output_tokens = react_->output_tokens(),
                  .cost = react_->cost()},
                 loop_.clock().wall_ms(), append);
  co_await record_.commit(std::move(append));
}

// Nothing of a stop that the next start goes on after.
void AgentRun::note_stop(RunStopped stopped) {
  if (work_->reason() == StopReason::shutdown) return;
  stopped.deadline = work_->reason() == StopReason::deadline;
  stopped.used = clock_.used();
  record_.pending().facts.push_back(stopped_fact(record_, react_->step(), stopped));
}

Event AgentRun::answer_event(const Finish& end) const {
  Event answer = record_.event("answer", react_->step());
  answer.fields["text"] = end.answer;
  if (!end.data.is_null()) answer.fields["data"] = end.data;
  if (Json citations = cited_sources(calls_.sources(), end.answer); !citations.empty())
    answer.fields["citations"] = std::move(citations);
  return answer;
}

// A request is kept as what is new in it since the one before.
store::Fact AgentRun::intent_fact(const models::ModelRequest& request, const AskModel& ask) {
  const bool again = recorded_.last_intent_step == react_->step();
  const int attempt = again ? recorded_.last_intent_attempt + 1 : 1;
  recorded_.last_intent_step = react_->step();
  recorded_.last_intent_attempt = attempt;
  Json body = {{"attempt", attempt}, {"input", ask.allowance.input}, {"used_ms", clock_.used().count()}};
  body["counted"] = agent_->tokens && agent_->tokens->exact() ? "exact" : "estimate";
  if (ask.at.reason == "max_tokens" || ask.at.reason == "max_cost") {
    body["limit"] = ask.at.reason;
    body["limit_detail"] = ask.at.detail;
  }
  if (ask.left_out) body["left_out"] = true;
  if (!request.first_entry.empty()) body["entry"] = request.first_entry;
  body.update(requests_.describe(request, agent_->settings.model));
  return record_.fact("model.intent", react_->step(), body);
}

CallContext AgentRun::context(Stop& stop) {
  const store::RunRow& row = record_.row();
  return CallContext{.loop = loop_,
                     .stop = stop,
                     .deadline = clock_.deadline(),
                     .events = *deltas_,
                     .principal = {.name = "", .tenant = row.tenant},
                     .session = row.session,
                     .run = row.id,
                     .agent = row.agent,
                     .step = react_ ? react_->step() : 0};
}

// A verdict may take until the whole time of the run is over, also where some of it is kept for an answer.
CallContext AgentRun::judging(Stop& stop) {
  const CallContext run = context(stop);
  return {run.loop,   run.stop,      clock_.deadline(agent_->settings.limits.time),
          run.events, run.principal, run.session,
          run.run,    run.agent,     run.step};
}

Interrupt AgentRun::why_stopped() const {
  switch (work_->reason()) {
    case StopReason::deadline:
      return Interrupt::deadline;
    case StopReason::shutdown:
      return Interrupt::shutdown;
    default:
      return Interrupt::cancelled;
  }
}

}  // namespace troupe::agents
