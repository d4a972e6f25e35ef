#include "agents/runs/step_calls.h"

#include "agents/limits.h"
#include "agents/runs/approval_record.h"
#include "agents/runs/call_events.h"
#include "agents/runs/facts.h"
#include "agents/runs/unknown_outcome.h"
#include "runtime/async/nursery.h"
#include "runtime/base/fault.h"
#include "tools/idempotency.h"
#include "tools/observation.h"
#include "tools/question.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

using Fate = tools::CallStatus::Kind;

/// A planned call after it was looked at: ready to be made, or answered already.
struct StepCalls::Call {
  PlannedCall plan;
  std::optional<tools::Prepared> prepared;
  std::optional<ObservationStore::Request> page;  // of an earlier output, instead of a tool
  std::string refusal;                            // of neither
  bool asks = false;                              // a person decides
  bool again = false;                             // it may have been made, and a person decides, or has
  std::int64_t asked_ms = 0;                      // since when, in wall time
  std::optional<Json> edited;                     // what that person put in

  /// A question, which is made with the person's answer.
  bool is_question() const { return !again && prepared && prepared->tool->spec().asks; }
  AskedCall asked() const {
    return {.call = plan.id,
            .tool = prepared->name,
            .input = prepared->arguments,
            .question = is_question(),
            .again = again};
  }
};

StepCalls::StepCalls(Loop& loop, store::Journal& journal, RunRecord& record, RunClock& clock,
                     const Agent& agent, const RecordedRun& recorded)
    : loop_(loop),
      journal_(journal),
      record_(record),
      clock_(clock),
      agent_(agent),
      recorded_(recorded),
      approvals_(loop),
      outputs_(journal, agent.settings.limits.observation) {
  for (const StoredOutput& output : recorded_.outputs) outputs_.restore(output);
  for (const auto& [call, verdict] : recorded_.verdicts) approvals_.recall_decided(call);
  for (const auto& [call, doubt] : recorded_.doubts)
    if (doubt.verdict) approvals_.recall_decided(call);
  for (const auto& [call, seen] : recorded_.observations)
    for (const tools::Source& source : seen.sources) numbered_ = std::max(numbered_, passage_number(source));
}

StepCalls::~StepCalls() = default;

// A call that was let through before a restart is not held up by a configuration that is newer; one that a
// person was asked about waits on, whatever the configuration says now.
bool StepCalls::needs_person(const Call& call, const PlannedCall& plan) const {
  if (recorded_.approvals.contains(plan.id)) return true;
  const auto& wanted = agent_.settings.approve;
  const bool asked = call.is_question() || std::ranges::any_of(wanted, [&](const std::string& written) {
                       return agent_.toolbox->means(written, plan.tool);
                     });
  return asked && !recorded_.intents.contains(plan.id);
}

Result<tools::Prepared> StepCalls::prepared(const PlannedCall& plan, Json input) const {
  auto call = agent_.toolbox->prepare(plan.tool, std::move(input));
  if (!call) return call;
  // One that may have left is known outside under the key that it left with, also where its run goes on as
  // another.
  if (const auto known = recorded_.keys.find(plan.id); known != recorded_.keys.end())
    call->idempotency_key = known->second;
  else
    call->idempotency_key = tools::idempotency_key({.instance = journal_.instance(),
                                                    .run = record_.row().id,
                                                    .step = step_,
                                                    .call_index = plan.index,
                                                    .tool = call->name,
                                                    .version = call->version},
                                                   call->arguments);
  return call;
}

// What may have been made with the input that a person put in is asked about with that one.
const Json& StepCalls::made_with(const PlannedCall& plan) const {
  const auto verdict = recorded_.verdicts.find(plan.id);
  const bool edited = verdict != recorded_.verdicts.end() && verdict->second.input;
  return edited && recorded_.doubts.contains(plan.id) ? *verdict->second.input : plan.input;
}

StepCalls::Call StepCalls::checked(PlannedCall plan) const {
  Call call;
  if (!plan.refused.empty()) {
    call.refusal = plan.refused;
  } else if (plan.tool == kReadMore && !outputs_.empty() && !agent_.toolbox->has(plan.tool)) {
    if (auto page = outputs_.check(plan.input))
      call.page = std::move(*page);
    else
      call.refusal = page.error().message;
  } else if (auto ready = prepared(plan, made_with(plan))) {
    call.prepared = std::move(*ready);
    call.asks = needs_person(call, plan);
    if (call.is_question() && tools::take_out_answer(call.prepared->arguments))
      call.prepared->repairs.emplace_back("`answer` was left out: it is for the person to give");
    const auto before = recorded_.approvals.find(plan.id);
    const bool known = before != recorded_.approvals.end() && before->second > 0;
    call.asked_ms = known ? before->second : loop_.clock().wall_ms();
  } else {
    call.refusal = ready.error().message;
  }
  call.plan = std::move(plan);
  return call;
}

void StepCalls::plan(std::vector<PlannedCall> calls, int step) {
  step_ = step;
  calls_.clear();
  for (PlannedCall& plan : calls) {
    calls_.push_back(checked(std::move(plan)));
  }
}

void StepCalls::record_plan(store::Append& append) const {
  bool waits = false;
  for (const Call& call : calls_) {
    if (call.prepared && !call.prepared->repairs.empty())
      append.events.push_back(
          warning_event(record_.event("warning", step_), "repaired_arguments",
                        fmt::format("{}: {}", call.plan.id, fmt::join(call.prepared->repairs, "; "))));
    Event action = record_.event("action", step_);
    action.fields = {{"call", call.plan.id}, {"tool", call.plan.tool}, {"input", call.plan.input}};
    append.events.push_back(std::move(action));
    if (call.asks) {
      waits = true;
      append.events.push_back(required_event(record_, step_, call.asked()));
      append.facts.push_back(pending_fact(record_, step_, call.asked(), clock_.used(), call.asked_ms));
    } else if (call.prepared) {
      append.facts.push_back(record_.fact("tool.intent", step_,
                                          {{"call", call.plan.id},
                                           {"key", call.prepared->idempotency_key},
                                           {"tool", call.prepared->name},
                                           {"effect", word(call.prepared->effect)}}));
    }
  }
  if (!waits) return;
  record_.row().status = "waiting";
  append.run = record_.row();
}

// Once the plan is committed: nobody may hear of, or decide, what a crash could take back.
void StepCalls::require_approvals() {
  for (const Call& call : calls_) {
    const std::string& id = call.plan.id;
    if (!call.prepared || recorded_.observations.contains(id)) continue;
    const auto doubt = recorded_.doubts.find(id);
    const bool again = doubt != recorded_.doubts.end();
    if (again ? doubt->second.verdict.has_value() : !call.asks || recorded_.verdicts.contains(id)) continue;
    AskedCall asked = call.asked();
    asked.again = again;
    asked.question = asked.question && !again;
    await_person(asked);
    // Who came in while the run was being taken up again has not been told yet; the journal has it once.
    if (again || recorded_.approvals.contains(id)) record_.publish(required_event(record_, step_, asked));
  }
}

void StepCalls::await_person(AskedCall asked) {
  approvals_.require(asked.call, {.tool = std::move(asked.tool),
                                  .input = std::move(asked.input),
                                  .asks = asked.question,
                                  .again = asked.again});
}

Task<std::vector<Observation>> StepCalls::run(CallContext& context, Stop& whole) {
  require_approvals();
  std::vector<Observation> results(calls_.size());
  const Call& first = calls_.front();
  if (calls_.size() == 1 && !first.asks && !waits_for_others(first) && !may_ask_again(first) &&
      !recorded_.observations.contains(first.plan.id)) {
    // Alone, what it brings can go out together with the next request.
    results[0] = co_await make(calls_[0], context);
    if (whole.reason() != StopReason::shutdown) record_.add(results[0], step_, record_.pending());
  } else {
    // Each commits as it ends: one that fails or hangs does not lose what the others brought.
    Stop step(context.stop);
    for (const Call& call : calls_) {
      const auto known = recorded_.observations.find(call.plan.id);
      if (known != recorded_.observations.end() && ends_run(known->second))
        step.request(StopReason::cancelled);
    }
    Slots slots(loop_, static_cast<std::size_t>(std::max(1, agent_.settings.limits.parallel)));
    clock_.pause();  // and goes on while at least one of them is at work
    {
      Nursery nursery(loop_);
      // All are at work before the first begins: where that one only waits, the others do not.
      for (std::size_t i = 0; i < calls_.size(); ++i) begin_work();
      for (std::size_t i = 0; i < calls_.size(); ++i)
        nursery.spawn("tool call",
                      [&, i] { return make_and_commit(calls_[i], results[i], slots, context, step, whole); });
      co_await nursery.join();
    }
    clock_.resume();
  }
  calls_.clear();
  for (const Observation& seen : results)
    sources_.insert(sources_.end(), seen.sources.begin(), seen.sources.end());
  co_return results;
}

bool StepCalls::waits_for_others(const Call& call) const {
  return call.prepared && call.prepared->tool->spec().waits;
}

Task<Observation> StepCalls::make_while_waiting(Call& call, CallContext& context) {
  ++others_;
  end_work();
  Observation seen = co_await make(call, context);
  --others_;
  begin_work();
  co_return seen;
}

void StepCalls::begin_work() {
  if (working_++ > 0) return;
  clock_.resume();
  if (waits_changed_) waits_changed_();
}

void StepCalls::end_work() {
  if (--working_ > 0) return;
  clock_.pause();
  if (waits_changed_) waits_changed_();
}

Task<> StepCalls::make_and_commit(Call& call, Observation& result, Slots& slots, CallContext& context,
                                  Stop& step, Stop& whole) {
  if (auto known = recorded_.observations.find(call.plan.id); known != recorded_.observations.end()) {
    result = known->second;
    end_work();
    co_return;
  }
  std::optional<Observation> refused;
  if (call.asks) refused = co_await ask_person(call, step);
  if (refused)
    result = std::move(*refused);
  else
    result = co_await make_or_ask(call, slots, context, step);
  if (ends_run(result)) step.request(StopReason::cancelled);
  // A stop that leaves the run to the next start must not leave half an answer behind: the call is made
  // again, or told as unknown, or waits on, by what the journal has of it.
  if (whole.reason() != StopReason::shutdown) {
    store::Append append = record_.take_pending();
    record_.add(result, step_, append);
    co_await record_.commit(std::move(append));
  }
  end_work();
}

// Whoever waits for a person has no slot. Was one asked by an earlier process, the tool is not asked before
// that person has said something: a question that is open has an answer.
Task<Observation> StepCalls::make_or_ask(Call& call, Slots& slots, CallContext& context, Stop& step) {
  const auto doubt = recorded_.doubts.find(call.plan.id);
  if (!call.prepared || doubt == recorded_.doubts.end()) {
    Observation seen = co_await make_in_turn(call, slots, context, step);
    const bool asks = seen.unknown && agent_.settings.on_unknown == OnUnknown::ask && !step.requested();
    if (!asks || !co_await begin_asking_again(call)) co_return seen;
  } else {
    call.again = true;
    if (doubt->second.asked_ms > 0) call.asked_ms = doubt->second.asked_ms;
  }
  if (auto refused = co_await ask_person(call, step)) co_return std::move(*refused);
  co_return co_await make_in_turn(call, slots, context, step);
}

Task<Observation> StepCalls::make_in_turn(Call& call, Slots& slots, CallContext& context, Stop& step) {
  if (!slots.try_take()) {
    end_work();  // who has the slots works, or waits itself
    co_await slots.take();
    begin_work();
  }
  CallContext own{context.loop,    step,        clock_.deadline(), context.events, context.principal,
                  context.session, context.run, context.agent,     context.step};
  Observation seen;
  if (waits_for_others(call)) {
    own.deadline = Deadline{};  // of the run: it stands still meanwhile
    seen = co_await make_while_waiting(call, own);
  } else {
    seen = co_await make(call, own);
  }
  slots.give_back();
  co_return seen;
}

// Whether the run ends with what came of a call, so that the others of its step are not made.
bool StepCalls::ends_run(const Observation& seen) const {
  const AgentSettings& agent = agent_.settings;
  return seen.stop || (seen.denied && agent.on_deny == OnDeny::stop) ||
         (seen.unknown && agent.on_unknown == OnUnknown::fail);
}

bool StepCalls::may_ask_again(const Call& call) const {
  const std::string& id = call.plan.id;
  return recorded_.doubts.contains(id) ||
         (agent_.settings.on_unknown == OnUnknown::ask && recorded_.dispatched.contains(id));
}

// From its commit on it waits as a call waits that nobody has allowed yet. False: the journal takes no more.
Task<bool> StepCalls::begin_asking_again(Call& call) {
  call.again = true;
  call.asked_ms = loop_.clock().wall_ms();
  store::Append append = record_.take_pending();
  append.events.push_back(required_event(record_, step_, call.asked()));
  append.facts.push_back(pending_fact(record_, step_, call.asked(), clock_.used(), call.asked_ms));
  record_.row().status = "waiting";
  append.run = record_.row();
  if (!co_await record_.commit(std::move(append))) co_return false;
  await_person(call.asked());
  co_return true;
}

std::optional<Verdict> StepCalls::recorded_verdict(const Call& call) const {
  if (call.again) {
    const auto doubt = recorded_.doubts.find(call.plan.id);
    return doubt == recorded_.doubts.end() ? std::nullopt : doubt->second.verdict;
  }
  const auto known = recorded_.verdicts.find(call.plan.id);
  return known == recorded_.verdicts.end() ? std::nullopt : std::optional(known->second);
}

// `verdict`: none before the run was stopped.
Observation StepCalls::not_made(const Call& call, const std::optional<Verdict>& verdict) const {
  Observation seen{.call = call.plan.id, .tool = call.plan.tool, .edited = call.edited};
  seen.stop = verdict && verdict->stop;
  seen.unknown = call.again;
  seen.denied = verdict && !call.again;
  if (verdict)
    seen.error = told_denial(call.asked(), *verdict);
  else
    seen.error =
        call.again ? told_unknown() : "not called: the run was stopped before a person had decided about it";
  return seen;
}

// Nothing: the call may be made.
Task<std::optional<Observation>> StepCalls::ask_person(Call& call, Stop& stop) {
  const std::string& id = call.plan.id;
  std::optional<Verdict> verdict = recorded_verdict(call);
  if (!verdict) {
    end_work();
    const Loop::Alarm timeout = timeout_of(call);
    verdict = co_await approvals_.wait(id, stop);
    begin_work();
    if (verdict) {
      const bool committed = co_await commit_verdict(call, *verdict);
      approvals_.settled(id, committed);
    }
  }
  if (!verdict || !verdict->approved) co_return not_made(call, verdict);
  if (verdict->input) {
    if (!call.is_question()) call.edited = verdict->input;
    auto ready = prepared(call.plan, *verdict->input);
    if (!ready)  // only after a restart with another version of the tool
      co_return Observation{.call = id, .tool = call.plan.tool, .error = ready.error().message};
    call.prepared = std::move(*ready);
  }
  co_return std::nullopt;
}

// Nobody is asked for longer than the configuration says; the first decision counts, this one too.
Loop::Alarm StepCalls::timeout_of(const Call& call) {
  const Milliseconds most = agent_.settings.approvals.timeout;
  if (most.count() <= 0) return {};
  // The wall clock may have been set meanwhile: nobody waits longer than the whole time from here.
  const Milliseconds waited(loop_.clock().wall_ms() - call.asked_ms);
  const Milliseconds left = std::clamp(most - waited, Milliseconds(0), most);
  return loop_.at(loop_.clock().now() + left, [this, &call] {
    (void)approvals_.decide(call.plan.id, verdict_of_time(call.asked(), agent_.settings.approvals,
                                                          call.prepared->tool->spec().default_answer));
  });
}

Task<bool> StepCalls::commit_verdict(Call& call, const Verdict& verdict) {
  store::Append append = record_.take_pending();
  add_decision(record_, step_, call.asked(), verdict, append);
  if (verdict.approved && !call.again) {
    auto ready = prepared(call.plan, verdict.input ? *verdict.input : call.plan.input);
    append.facts.push_back(record_.fact("tool.intent", step_,
                                        {{"call", call.plan.id},
                                         {"key", ready ? ready->idempotency_key : ""},
                                         {"tool", call.plan.tool},
                                         {"effect", word(call.prepared->effect)}}));
  }
  if (!approvals_.any_waiting()) {
    record_.row().status = "running";
    append.run = record_.row();
  }
  co_return co_await record_.commit(std::move(append));
}

Task<Observation> StepCalls::make(Call& call, CallContext& context) {
  Observation seen{.call = call.plan.id, .tool = call.plan.tool, .edited = call.edited};
  if (call.page) co_return co_await read_more(call);
  if (!call.prepared) {
    seen.error = call.refusal;
    co_return seen;
  }
  const bool left = recorded_.dispatched.contains(call.plan.id);
  if (context.stop.requested()) {
    seen.unknown = left;
    seen.error = left ? told_unknown() : "not called: the run was stopped";
    co_return seen;
  }
  if (gate_ && call.prepared->effect != tools::Effect::pure && !co_await gate_(context.stop)) {
    seen.error = "not called: the user's message was refused, or the run stopped, before it could be";
    co_return seen;
  }
  if (call.prepared->effect == tools::Effect::at_most_once) {
    // Before it is made once more the tool is asked once more: a person may have taken their time.
    const Fate fate = left ? co_await settle(call, context, seen) : Fate::not_done;
    if (fate == Fate::done) co_return seen;
    if (fate == Fate::unknown && !call.again) {
      seen.unknown = true;
      seen.error = told_unknown();
      co_return seen;
    }
    // What did not arrive is made under the mark it has, unless that would leave an approval for a third.
    if ((!left || call.again) && !co_await mark_dispatched(call)) co_return seen;
  }
  call.prepared->numbers = [this](std::size_t count) {
    return std::exchange(numbered_, numbered_ + count) + 1;
  };
  CallEvents events(context.events, call.plan.id);
  CallContext own{context.loop,    context.stop, context.deadline, events,      context.principal,
                  context.session, context.run,  context.agent,    context.step};
  tools::CallOutcome outcome = co_await agent_.toolbox->run(std::move(*call.prepared), own);
  fault_point("tool.returned");
  if (!outcome.ok && context.stop.requested())
    record_.pending().facts.push_back(record_.fact("tool.stopped", step_, {{"call", call.plan.id}}));
  co_await take(std::move(outcome), seen);
  co_return seen;
}

Task<bool> StepCalls::mark_dispatched(const Call& call) {
  store::Append mark = record_.take_pending();
  Json fact = {{"call", call.plan.id}, {"key", call.prepared->idempotency_key}};
  if (call.again) fact[kAgainField] = true;
  mark.facts.push_back(record_.fact("tool.dispatched", step_, fact));
  mark.barrier = true;
  co_return co_await record_.commit(std::move(mark));
}

// What was done is what is seen.
Task<tools::CallStatus::Kind> StepCalls::settle(Call& call, CallContext& context, Observation& seen) {
  tools::CallFate fate = co_await agent_.toolbox->fate(*call.prepared, context);
  if (fate.kind == Fate::done) co_await take(std::move(fate.outcome), seen);
  co_return fate.kind;
}

Task<> StepCalls::take(tools::CallOutcome outcome, Observation& seen) {
  seen.ok = outcome.ok;
  seen.output = std::move(outcome.output);
  seen.error = std::move(outcome.error);
  seen.truncated = outcome.truncated;
  seen.ends = outcome.ends;
  seen.ms = outcome.ms.count();
  seen.sources = std::move(outcome.sources);
  if (!outcome.whole.empty()) co_await keep_whole(seen, std::move(outcome.whole));
}

Task<> StepCalls::keep_whole(Observation& seen, std::string whole) {
  OutputPage head = page_of(whole, 0, agent_.settings.limits.observation);
  auto kept = co_await outputs_.keep(seen.call, std::move(whole));
  if (!kept || !*kept) co_return;  // the cut text with its remark stays
  seen.output = std::move(head.text);
  seen.more = Observation::More{.cursor = seen.call, .offset = head.next, .bytes = head.bytes};
  record_.pending().facts.push_back(record_.fact("tool.more", step_,
                                                 {{"call", seen.call},
                                                  {"cursor", seen.call},
                                                  {"offset", head.next},
                                                  {"bytes", head.bytes},
                                                  {"blob", (*kept)->blob}}));
}

Task<Observation> StepCalls::read_more(Call& call) {
  Observation seen{.call = call.plan.id, .tool = call.plan.tool};
  const Instant began = loop_.clock().now();
  auto page = co_await outputs_.read(*call.page);
  seen.ms = std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - began).count();
  if (!page) {
    seen.error = page.error().message;
    co_return seen;
  }
  seen.ok = true;
  seen.output = std::move(page->text);
  seen.truncated = page->next != 0;
  seen.more = Observation::More{.cursor = call.page->cursor, .offset = page->next, .bytes = page->bytes};
  record_.pending().facts.push_back(record_.fact("tool.more", step_,
                                                 {{"call", call.plan.id},
                                                  {"cursor", call.page->cursor},
                                                  {"offset", page->next},
                                                  {"bytes", page->bytes}}));
  co_return seen;
}

std::shared_ptr<const std::vector<models::ToolDeclaration>> StepCalls::declarations() const {
  auto own = agent_.toolbox->declarations();
  if (outputs_.empty() || agent_.toolbox->has(kReadMore)) return own;
  if (!with_read_more_) {
    auto more = std::make_shared<std::vector<models::ToolDeclaration>>(*own);
    more->push_back(ObservationStore::declaration());
    with_read_more_ = std::move(more);
  }
  return with_read_more_;
}

Result<Approvals::Receipt> StepCalls::decide(const Decision& decision) {
  Verdict verdict{.approved = decision.approve,
                  .input = decision.approve ? decision.input : std::nullopt,
                  .reason = std::string(tools::beginning(decision.reason, limits::kApprovalReasonBytes)),
                  .by = decision.principal.name};
  const Approvals::Waiting* waiting = approvals_.waiting(decision.call);
  if (waiting && waiting->again) {
    // Another input is another call, with another key: what became of this one would still be unknown.
    if (verdict.input && *verdict.input != waiting->input)
      return fail(ErrorCode::invalid,
                  "the call goes on waiting: it may have been made, and is made again as it was or not at "
                  "all; deny it with a reason that says what to call instead");
    verdict.input.reset();
  }
  if (waiting && waiting->asks && decision.approve) {
    auto input = tools::answered(waiting->input, decision.input);
    if (!input) return within("the call goes on waiting", input.error());
    verdict.input = std::move(*input);
  }
  if (waiting && verdict.input) {
    auto fits = agent_.toolbox->prepare(waiting->tool, *verdict.input);
    if (!fits) return within("the call goes on waiting", fits.error());
    // A model's slip is mended; a person is asked what is meant.
    if (!fits->repairs.empty())
      return fail(ErrorCode::invalid,
                  fmt::format("the call goes on waiting: the input does not fit as it is: {}",
                              fmt::join(fits->repairs, "; ")));
  }
  return approvals_.decide(decision.call, std::move(verdict));
}

std::vector<PendingApproval> StepCalls::waiting() const {
  std::vector<PendingApproval> all;
  for (auto& [call, waiting] : approvals_.waiting())
    all.push_back({.session = record_.row().session,
                   .run = record_.row().id,
                   .call = call,
                   .tool = waiting.tool,
                   .input = waiting.input,
                   .question = waiting.asks ? tools::question_of(waiting.input).text : "",
                   .reason = waiting.again ? why_asked_again() : ""});
  return all;
}

}  // namespace troupe::agents
