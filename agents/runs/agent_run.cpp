#include "agents/runs/agent_run.h"

#include "agents/react/step_parser.h"
#include "agents/runs/facts.h"
#include "runtime/async/nursery.h"
#include "runtime/telemetry/log.h"
#include "tools/idempotency.h"

#include <algorithm>

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

}  // namespace

/// Volatile events of this run, stamped and handed to whoever watches the session.
class AgentRun::Deltas final : public EventSink {
 public:
  explicit Deltas(AgentRun& run) : run_(run) {}

  void publish(Event event) override {
    event.session = run_.row_.session;
    event.run = run_.row_.id;
    event.agent = run_.row_.agent;
    if (event.step == 0 && run_.react_) event.step = run_.react_->step();
    // A warning is journaled, everything else that a call reports is superseded by what it leads to.
    if (event.type == "warning")
      run_.pending_.events.push_back(std::move(event));
    else
      run_.journal_.publish(event);
  }

 private:
  AgentRun& run_;
};

/// Reads the reply while the model writes it: deltas go out, and the stream is closed once a step is decided.
class AgentRun::StreamSink final : public models::TokenSink {
 public:
  explicit StreamSink(AgentRun& run)
      : run_(run), parser_(make_step_parser(run.react_->strategy().parser())) {}

  bool on_text(std::string_view text) override {
    bool more = parser_->feed(text, deltas_);
    flush();
    return more;
  }

  void on_reset(int attempt) override {
    parser_ = make_step_parser(run_.react_->strategy().parser());
    deltas_.clear();
    attempt_ = attempt;
    shown_ = false;
    answer_.clear();
    Event reset = run_.event("stream.reset", run_.react_->step());
    reset.fields["attempt"] = attempt;
    run_.journal_.publish(reset);
  }

  /// What was shown and came to be something else is void: an answer beside tool calls or one that does not
  /// fit, thoughts of a reply that could not be used.
  void settle(const Reading& made) {
    auto* final = std::get_if<FinalStep>(&made.outcome);
    bool malformed = std::holds_alternative<Malformed>(made.outcome);
    bool stands = malformed ? !shown_ : answer_.empty() || (final && final->answer == answer_);
    if (!stands) on_reset(attempt_ + 1);
  }

  ParsedStep finish() {
    ParsedStep parsed = parser_->finish(deltas_);
    flush();
    return parsed;
  }

 private:
  void flush() {
    for (StepDelta& delta : deltas_) {
      if (delta.kind != StepDelta::Kind::thought && delta.kind != StepDelta::Kind::answer) continue;
      bool answer = delta.kind == StepDelta::Kind::answer && run_.react_->strategy().answering();
      Event event = run_.event(answer ? "answer.delta" : "thought.delta", run_.react_->step());
      shown_ = true;
      if (answer) answer_ += delta.text;
      event.fields["text"] = std::move(delta.text);
      run_.journal_.publish(event);
    }
    deltas_.clear();
  }

  AgentRun& run_;
  std::unique_ptr<StepParser> parser_;
  std::vector<StepDelta> deltas_;
  int attempt_ = 1;
  bool shown_ = false;
  std::string answer_;  // as shown
};

/// A planned call after the toolbox has looked at it: ready to be made, or answered already.
struct AgentRun::ReadyCall {
  PlannedCall plan;
  std::optional<tools::Prepared> prepared;  // empty: `refusal` says why
  std::string refusal;
};

AgentRun::AgentRun(Loop& loop, store::Journal& journal, std::shared_ptr<const Agent> agent, store::RunRow row,
                   std::string system, Stop& stop, RecordedRun recorded)
    : loop_(loop),
      journal_(journal),
      agent_(std::move(agent)),
      row_(std::move(row)),
      system_(std::move(system)),
      stop_(stop),
      recorded_(std::move(recorded)),
      deltas_(std::make_unique<Deltas>(*this)),
      began_(loop.clock().now()) {}

AgentRun::~AgentRun() = default;

Task<> AgentRun::run() {
  const AgentLimits& limits = agent_->settings.limits;
  auto deadline = loop_.at(began_ + limits.time, [this] { stop_.request(StopReason::deadline); });
  auto start = co_await begin();
  if (!start) {
    react_ = std::make_unique<ReactLoop>(limits, LoopStart{});
    co_await finish({.status = "failed", .reason = "internal", .detail = start.error().message});
    co_return;
  }
  react_ = std::make_unique<ReactLoop>(limits, std::move(*start), agent_->strategy->clone(), agent_->output);
  Step step = react_->start();
  while (!lost_) {
    if (auto* end = std::get_if<Finish>(&step)) {
      co_await finish(std::move(*end));
      co_return;
    }
    if (stop_.reason() == StopReason::shutdown) co_return;  // the next start goes on from the journal
    step = co_await perform(std::move(step));
  }
}

Task<Step> AgentRun::perform(Step step) {
  if (stop_.requested()) co_return react_->on_interrupt(why_stopped());
  if (std::holds_alternative<RunTools>(step)) co_return co_await run_tools();
  if (after_step_) co_return react_->on_interrupt(Interrupt::cancelled);
  co_return co_await ask_model();
}

Task<Result<LoopStart>> AgentRun::begin() {
  LoopStart start;
  start.system = std::move(system_);
  start.user = {.role = models::Role::user, .content = row_.input};
  if (!recorded_.started) {
    pending_.events.push_back(run_event(row_, "run.started"));
    row_.status = "running";
    pending_.run = row_;
  }
  auto memory = memory::make_memory(agent_->settings.memory, journal_);
  if (!memory) co_return std::unexpected(memory.error());
  auto call = context(stop_);
  auto history = co_await (*memory)->recall(call);
  if (!history) co_return std::unexpected(history.error());
  start.history = std::move(*history);
  co_return start;
}

Task<Step> AgentRun::ask_model() {
  if (!recorded_.replies.empty()) {  // asked before a restart: the journal has the answer
    Json body = std::move(recorded_.replies.front());
    recorded_.replies.pop_front();
    RecordedReply known = reply_from_fact(body);
    ParsedStep parsed = parse_whole(react_->strategy(), known.reply.text);
    co_return co_await take_reply(std::move(known.reply), std::move(parsed), known.cost, known.ms, nullptr);
  }

  bool asked_before = recorded_.last_intent_step == react_->step();
  pending_.facts.push_back(intent_fact());
  if (!co_await commit(std::exchange(pending_, {}))) co_return react_->on_interrupt(Interrupt::shutdown);

  StreamSink sink(*this);
  if (asked_before) sink.on_reset(recorded_.last_intent_attempt + 1);
  models::ModelRequest request;
  request.transcript = react_->transcript();
  request.tools = agent_->toolbox->declarations();
  request.tool_mode = react_->strategy().tool_mode();
  request.stop = react_->strategy().stop();
  auto call = context(stop_);
  const Instant asked = loop_.clock().now();
  auto reply = co_await agent_->model->complete(std::move(request), sink, call);
  if (!reply) {
    if (stop_.requested()) co_return react_->on_interrupt(why_stopped());
    co_return react_->on_model_error(reply.error());
  }
  auto ms = std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - asked).count();
  double cost = cost_of(reply->usage, agent_->price);
  ParsedStep parsed = sink.finish();
  co_return co_await take_reply(std::move(*reply), std::move(parsed), cost, ms, &sink);
}

Task<Step> AgentRun::take_reply(models::ModelReply reply, ParsedStep parsed, double cost, std::int64_t ms,
                                StreamSink* sink) {
  if (parsed.cut && reply.finish == models::FinishReason::length)  // half an input must not be acted on
    parsed.outcome = Malformed{
        "the reply was cut off at the model's output limit before its step was complete; write a shorter "
        "one"};
  const int step_number = react_->step();
  Step step = react_->on_reply(reply, parsed, cost);
  const Reading& made = react_->reading();
  if (auto* wanted = std::get_if<RunTools>(&step)) calls_ = prepare(std::move(wanted->calls));
  if (!sink) co_return step;  // recorded: what follows was journaled then
  sink->settle(made);

  store::Append append = std::exchange(pending_, {});
  append.facts.push_back(fact("model.reply", reply_to_fact(reply, cost, ms)));
  if (auto* malformed = std::get_if<Malformed>(&made.outcome)) {
    bool answer = malformed->kind == Malformed::Kind::answer;
    append.events.push_back(warning_event(event("warning", step_number),
                                          answer ? "invalid_answer" : "unreadable_reply", malformed->reason));
  } else {
    if (!parsed.repairs.empty())
      append.events.push_back(warning_event(event("warning", step_number), "repaired_reply",
                                            fmt::format("{}", fmt::join(parsed.repairs, "; "))));
    if (!made.thought.empty()) {
      append.events.push_back(event("thought", step_number));
      append.events.back().fields["text"] = made.thought;
    }
  }
  if (auto* end = std::get_if<Finish>(&step)) {
    if (end->status == "done") append.events.push_back(answer_event(*end));
    append.events.push_back(usage_event(reply, cost, ms));
    pending_ = std::move(append);  // goes out together with run.finished
    co_return step;
  }
  if (std::holds_alternative<RunTools>(step)) {
    for (const ReadyCall& call : calls_) {
      if (call.prepared && !call.prepared->repairs.empty())
        append.events.push_back(
            warning_event(event("warning", step_number), "repaired_arguments",
                          fmt::format("{}: {}", call.plan.id, fmt::join(call.prepared->repairs, "; "))));
      Event action = event("action", step_number);
      action.fields = {{"call", call.plan.id}, {"tool", call.plan.tool}, {"input", call.plan.input}};
      append.events.push_back(std::move(action));
      if (call.prepared)
        append.facts.push_back(fact("tool.intent", {{"call", call.plan.id},
                                                    {"key", call.prepared->idempotency_key},
                                                    {"tool", call.prepared->name},
                                                    {"effect", word(call.prepared->effect)}}));
    }
  }
  // A call that cost nothing (builtin) is counted in the run's last usage event, not told one by one.
  if (reply.usage.input_tokens + reply.usage.output_tokens > 0)
    append.events.push_back(usage_event(reply, cost, ms));
  if (!co_await commit(std::move(append))) co_return react_->on_interrupt(Interrupt::shutdown);
  co_return step;
}

std::vector<AgentRun::ReadyCall> AgentRun::prepare(std::vector<PlannedCall> planned) const {
  std::vector<ReadyCall> ready;
  ready.reserve(planned.size());
  for (PlannedCall& plan : planned) {
    ReadyCall call;
    if (!plan.refused.empty()) {
      call.refusal = plan.refused;
    } else if (auto prepared = agent_->toolbox->prepare(plan.tool, plan.input)) {
      prepared->idempotency_key = tools::idempotency_key({.instance = journal_.instance(),
                                                          .run = row_.id,
                                                          .step = react_->step(),
                                                          .call_index = plan.index,
                                                          .tool = prepared->name,
                                                          .version = prepared->version},
                                                         prepared->arguments);
      call.prepared = std::move(*prepared);
    } else {
      call.refusal = prepared.error().message;
    }
    call.plan = std::move(plan);
    ready.push_back(std::move(call));
  }
  return ready;
}

Task<Step> AgentRun::run_tools() {
  std::vector<Observation> results(calls_.size());
  if (calls_.size() == 1 && !recorded_.observations.contains(calls_[0].plan.id)) {
    results[0] = co_await call_tool(calls_[0]);
    record(results[0], pending_);
  } else {
    // Each commits as it ends: one that fails or hangs does not lose what the others brought.
    Nursery nursery(loop_);
    for (std::size_t i = 0; i < calls_.size(); ++i)
      nursery.spawn("tool call", [this, i, &results] { return call_and_commit(calls_[i], results[i]); });
    co_await nursery.join();
  }
  calls_.clear();
  for (const Observation& seen : results)
    sources_.insert(sources_.end(), seen.sources.begin(), seen.sources.end());
  if (lost_) co_return react_->on_interrupt(Interrupt::shutdown);
  if (stop_.requested()) co_return react_->on_interrupt(why_stopped());
  co_return react_->on_observations(std::move(results));
}

Task<> AgentRun::call_and_commit(ReadyCall& call, Observation& result) {
  if (auto known = recorded_.observations.find(call.plan.id); known != recorded_.observations.end()) {
    result = known->second;
    co_return;
  }
  result = co_await call_tool(call);
  // A stop that leaves the run to the next start must not leave half an answer behind: the call is made
  // again, or told as unknown, by what the journal has of it.
  if (stop_.reason() == StopReason::shutdown) co_return;
  store::Append append;
  record(result, append);
  co_await commit(std::move(append));
}

Task<Observation> AgentRun::call_tool(ReadyCall& call) {
  Observation seen{.call = call.plan.id, .tool = call.plan.tool};
  if (!call.prepared) {
    seen.error = call.refusal;
    co_return seen;
  }
  if (call.prepared->effect == tools::Effect::at_most_once) {
    if (recorded_.dispatched.contains(call.plan.id)) {
      seen.error =
          "outcome unknown: the call had started when the daemon was interrupted, and this tool must not be "
          "called twice "
          "for the same request. Do not assume that it worked or that it failed; find out, or tell the user.";
      co_return seen;
    }
    store::Append mark = std::exchange(pending_, {});
    mark.facts.push_back(
        fact("tool.dispatched", {{"call", call.plan.id}, {"key", call.prepared->idempotency_key}}));
    mark.barrier = true;
    if (!co_await commit(std::move(mark))) co_return seen;
  }
  auto context_of_call = context(stop_);
  tools::CallOutcome outcome = co_await agent_->toolbox->run(std::move(*call.prepared), context_of_call);
  seen.ok = outcome.ok;
  seen.output = std::move(outcome.output);
  seen.error = std::move(outcome.error);
  seen.truncated = outcome.truncated;
  seen.ms = outcome.ms.count();
  seen.sources = std::move(outcome.sources);
  co_return seen;
}

Task<> AgentRun::finish(Finish end) {
  if (lost_ || stop_.reason() == StopReason::shutdown) co_return;
  store::Append append = std::exchange(pending_, {});
  append.events.push_back(finished_event(end));
  row_.status = end.status;
  row_.reason = end.reason;
  row_.answer = std::move(end.answer);
  row_.steps = react_->step();
  row_.input_tokens = react_->input_tokens();
  row_.output_tokens = react_->output_tokens();
  row_.cost = react_->cost();
  row_.finished_ms = loop_.clock().wall_ms();
  append.run = row_;
  append.barrier = true;
  co_await commit(std::move(append));
}

Task<bool> AgentRun::commit(store::Append append) {
  auto done = co_await journal_.commit(std::move(append));
  if (!done) {
    lost_ = true;
    log::error("a run stops: the journal takes no more", {{"run", row_.id}, {"error", done.error().message}});
  }
  co_return done.has_value();
}

Event AgentRun::event(std::string_view type, int step) const {
  return Event{.type = type, .session = row_.session, .run = row_.id, .agent = row_.agent, .step = step};
}

void AgentRun::record(const Observation& observation, store::Append& append) const {
  Event seen = event("observation", react_->step());
  seen.fields = {{"call", observation.call}, {"tool", observation.tool}, {"ok", observation.ok}};
  if (observation.ok)
    seen.fields["output"] = observation.output;
  else
    seen.fields["error"] = observation.error;
  seen.fields["ms"] = observation.ms;
  if (observation.truncated) seen.fields["truncated"] = true;
  append.events.push_back(std::move(seen));
  if (observation.sources.empty()) return;
  Json sources = {{"call", observation.call}, {"sources", Json::array()}};
  for (const tools::Source& source : observation.sources)
    sources["sources"].push_back({{"title", source.title}, {"url", source.url}});
  append.facts.push_back(fact("tool.sources", sources));
}

Event AgentRun::answer_event(const Finish& end) const {
  Event answer = event("answer", react_->step());
  answer.fields["text"] = end.answer;
  if (!end.data.is_null()) answer.fields["data"] = end.data;
  if (Json citations = cited_sources(sources_, end.answer); !citations.empty())
    answer.fields["citations"] = std::move(citations);
  return answer;
}

Event AgentRun::usage_event(const models::ModelReply& reply, double cost, std::int64_t ms) const {
  Event usage = event("usage", react_->step());
  usage.fields = {{"model", reply.model.empty() ? agent_->model->name() : reply.model},
                  {"input_tokens", reply.usage.input_tokens},
                  {"output_tokens", reply.usage.output_tokens}};
  if (reply.usage.cached_tokens > 0) usage.fields["cached_tokens"] = reply.usage.cached_tokens;
  if (reply.usage.estimated) usage.fields["estimated"] = true;
  usage.fields["cost"] = cost;
  usage.fields["ms"] = ms;
  if (reply.cache_hit) usage.fields["cache_hit"] = true;
  return usage;
}

Event AgentRun::finished_event(const Finish& end) const {
  Event finished = event("run.finished", 0);
  finished.fields = {{"status", end.status}, {"reason", end.reason}};
  if (!end.detail.empty()) finished.fields["error"] = end.detail;
  finished.fields["steps"] = react_->step();
  finished.fields["input_tokens"] = react_->input_tokens();
  finished.fields["output_tokens"] = react_->output_tokens();
  finished.fields["cost"] = react_->cost();
  finished.fields["ms"] = std::max<std::int64_t>(0, loop_.clock().wall_ms() - row_.created_ms);
  return finished;
}

store::Fact AgentRun::fact(std::string_view kind, const Json& body) const {
  return {.run = row_.id, .kind = kind, .step = react_->step(), .body = dump(body)};
}

// A request is kept as what is new in it since the one before. The first one is not kept at all: it is the
// rendered prompt, the recalled turns and the input, which the journal has.
store::Fact AgentRun::intent_fact() {
  const auto& messages = react_->transcript()->messages();
  int attempt = recorded_.last_intent_step == react_->step() ? recorded_.last_intent_attempt + 1 : 1;
  Json body = {{"attempt", attempt}, {"messages", messages.size()}};
  if (react_->step() == 1) {
    body["system"] = messages.front().content;
  } else {
    Json& tail = body["tail"] = Json::array();
    for (std::size_t i = std::max<std::size_t>(recorded_.journaled_messages, 1); i < messages.size(); ++i)
      tail.push_back(message_to_fact(messages[i]));
  }
  recorded_.journaled_messages = messages.size();
  return fact("model.intent", body);
}

CallContext AgentRun::context(Stop& stop) {
  return CallContext{.loop = loop_,
                     .stop = stop,
                     .deadline = Deadline(began_ + agent_->settings.limits.time),
                     .events = *deltas_,
                     .principal = {.name = "", .tenant = row_.tenant},
                     .session = row_.session,
                     .run = row_.id,
                     .agent = row_.agent,
                     .step = react_ ? react_->step() : 0};
}

Interrupt AgentRun::why_stopped() const {
  switch (stop_.reason()) {
    case StopReason::deadline:
      return Interrupt::deadline;
    case StopReason::shutdown:
      return Interrupt::shutdown;
    default:
      return Interrupt::cancelled;
  }
}

}  // namespace troupe::agents
