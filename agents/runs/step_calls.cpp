#include "agents/runs/step_calls.h"

#include "agents/limits.h"
#include "agents/runs/facts.h"
#include "runtime/async/nursery.h"
#include "runtime/base/fault.h"
#include "runtime/config/scalar.h"
#include "tools/idempotency.h"
#include "tools/observation.h"
#include "tools/question.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

constexpr std::string_view kByTimeout = "timeout";  // who decided where nobody did

constexpr const char* kUnknownOutcome =
    "outcome unknown: the call had started when the daemon was interrupted, and this tool must not be called "
    "twice for the same request. Do not assume that it worked or that it failed; find out, or tell the user.";

std::string told_denial(const Verdict& verdict, bool question) {
  if (verdict.by == kByTimeout)
    return verdict.reason + ". Do not make the same call again; go on without it or say what is missing.";
  const std::string_view what = question ? "a person declined to answer" : "a person denied this call";
  if (!verdict.reason.empty()) return fmt::format("{}: {}", what, verdict.reason);
  return fmt::format("{}. Do not {} again; go on without it or say what is missing.", what,
                     question ? "ask" : "make it");
}

}  // namespace

/// A planned call after it was looked at: ready to be made, or answered already.
struct StepCalls::Call {
  PlannedCall plan;
  std::optional<tools::Prepared> prepared;
  std::optional<ObservationStore::Request> page;  // of an earlier output, instead of a tool
  std::string refusal;                            // of neither
  bool asks = false;                              // a person decides
  std::int64_t asked_ms = 0;                      // since when, in wall time
  std::optional<Json> edited;                     // what that person put in

  /// A question, which is made with the person's answer.
  bool is_question() const { return prepared && prepared->tool->spec().asks; }
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

StepCalls::Call StepCalls::checked(PlannedCall plan) const {
  Call call;
  if (!plan.refused.empty()) {
    call.refusal = plan.refused;
  } else if (plan.tool == kReadMore && !outputs_.empty() && !agent_.toolbox->has(plan.tool)) {
    if (auto page = outputs_.check(plan.input))
      call.page = std::move(*page);
    else
      call.refusal = page.error().message;
  } else if (auto ready = prepared(plan, plan.input)) {
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

Event StepCalls::required_event(const Call& call) const {
  Event required = record_.event("approval.required", step_);
  required.fields = {
      {"call", call.plan.id}, {"tool", call.prepared->name}, {"input", call.prepared->arguments}};
  if (call.is_question()) required.fields["question"] = tools::question_of(call.prepared->arguments).text;
  return required;
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
      append.events.push_back(required_event(call));
      append.facts.push_back(record_.fact(
          "approval.pending", step_,
          {{"call", call.plan.id}, {"used_ms", clock_.used().count()}, {"asked_ms", call.asked_ms}}));
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
    if (!call.asks || recorded_.verdicts.contains(id) || recorded_.observations.contains(id)) continue;
    approvals_.require(
        id, {.tool = call.prepared->name, .input = call.prepared->arguments, .asks = call.is_question()});
    // Who came in while the run was being taken up again has not been told yet; the journal has it once.
    if (recorded_.approvals.contains(id)) record_.publish(required_event(call));
  }
}

Task<std::vector<Observation>> StepCalls::run(CallContext& context, Stop& whole) {
  require_approvals();
  std::vector<Observation> results(calls_.size());
  const Call& first = calls_.front();
  if (calls_.size() == 1 && !first.asks && !waits_for_others(first) &&
      !recorded_.observations.contains(first.plan.id)) {
    // Alone, what it brings can go out together with the next request.
    results[0] = co_await make(calls_[0], context);
    if (whole.reason() != StopReason::shutdown) record_.add(results[0], step_, record_.pending());
  } else {
    // Each commits as it ends: one that fails or hangs does not lose what the others brought.
    Stop step(context.stop);
    Slots slots(loop_, static_cast<std::size_t>(std::max(1, agent_.settings.limits.parallel)));
    clock_.pause();  // and goes on while at least one of them is at work
    {
      Nursery nursery(loop_);
      for (std::size_t i = 0; i < calls_.size(); ++i) {
        begin_work();
        nursery.spawn("tool call",
                      [&, i] { return make_and_commit(calls_[i], results[i], slots, context, step, whole); });
      }
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
  if (refused) {
    result = std::move(*refused);
    if (result.stop || (result.denied && agent_.settings.on_deny == OnDeny::stop))
      step.request(StopReason::cancelled);
  } else {
    end_work();  // who has the slots works, or waits itself
    co_await slots.take();
    begin_work();
    CallContext own{context.loop,    step,        clock_.deadline(), context.events, context.principal,
                    context.session, context.run, context.agent,     context.step};
    if (waits_for_others(call)) {
      own.deadline = Deadline{};  // of the run: it stands still meanwhile
      result = co_await make_while_waiting(call, own);
    } else {
      result = co_await make(call, own);
    }
    slots.give_back();
  }
  // A stop that leaves the run to the next start must not leave half an answer behind: the call is made
  // again, or told as unknown, or waits on, by what the journal has of it.
  if (whole.reason() != StopReason::shutdown) {
    store::Append append = record_.take_pending();
    record_.add(result, step_, append);
    co_await record_.commit(std::move(append));
  }
  end_work();
}

// Nothing: the call may be made.
Task<std::optional<Observation>> StepCalls::ask_person(Call& call, Stop& stop) {
  const std::string& id = call.plan.id;
  std::optional<Verdict> verdict;
  if (auto known = recorded_.verdicts.find(id); known != recorded_.verdicts.end()) {
    verdict = known->second;
  } else {
    end_work();
    const Loop::Alarm timeout = timeout_of(call);
    verdict = co_await approvals_.wait(id, stop);
    begin_work();
    if (verdict) {
      const bool committed = co_await commit_verdict(call, *verdict);
      approvals_.settled(id, committed);
    }
  }
  Observation seen{.call = id, .tool = call.plan.tool};
  if (!verdict) {
    seen.error = "not called: the run was stopped before a person had decided about it";
    co_return seen;
  }
  if (!verdict->approved) {
    seen.denied = true;
    seen.stop = verdict->stop;
    seen.error = told_denial(*verdict, call.is_question());
    co_return seen;
  }
  if (verdict->input) {
    if (!call.is_question()) call.edited = verdict->input;
    auto ready = prepared(call.plan, *verdict->input);
    if (!ready) {  // only after a restart with another version of the tool
      seen.error = ready.error().message;
      co_return seen;
    }
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
  return loop_.at(loop_.clock().now() + left,
                  [this, &call] { (void)approvals_.decide(call.plan.id, verdict_of_time(call)); });
}

Verdict StepCalls::verdict_of_time(const Call& call) const {
  const PeopleSettings& people = agent_.settings.approvals;
  Verdict verdict{.reason = fmt::format("nobody {} within {}", call.is_question() ? "answered" : "decided",
                                        config::show_duration(people.timeout)),
                  .by = std::string(kByTimeout)};
  const std::string& given = call.prepared->tool->spec().default_answer;
  if (call.is_question() && !given.empty())
    if (auto input = tools::answered(call.prepared->arguments, Json{{"answer", given}})) {
      verdict.approved = true;
      verdict.input = std::move(*input);
      return verdict;
    }
  verdict.stop = people.on_timeout == OnTimeout::stop;
  return verdict;
}

Task<bool> StepCalls::commit_verdict(Call& call, const Verdict& verdict) {
  Json fact = {{"call", call.plan.id}, {"approved", verdict.approved}, {"by", verdict.by}};
  if (verdict.input) fact["input"] = *verdict.input;
  if (!verdict.reason.empty()) fact["reason"] = verdict.reason;
  if (verdict.stop) fact["stop"] = true;
  if (call.is_question()) fact["answer"] = true;
  Event decided = record_.event(verdict.approved ? "approval.given" : "approval.denied", step_);
  decided.fields = {{"call", call.plan.id},
                    {"tool", call.plan.tool},
                    {"input", verdict.input ? *verdict.input : call.prepared->arguments},
                    {"by", verdict.by}};
  if (!verdict.reason.empty()) decided.fields["reason"] = verdict.reason;

  store::Append append = record_.take_pending();
  append.events.push_back(std::move(decided));
  append.facts.push_back(record_.fact("approval.decided", step_, fact));
  if (verdict.approved) {
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
  if (context.stop.requested()) {
    seen.error =
        recorded_.dispatched.contains(call.plan.id) ? kUnknownOutcome : "not called: the run was stopped";
    co_return seen;
  }
  if (gate_ && call.prepared->effect != tools::Effect::pure && !co_await gate_(context.stop)) {
    seen.error = "not called: the user's message was refused, or the run stopped, before it could be";
    co_return seen;
  }
  if (call.prepared->effect == tools::Effect::at_most_once) {
    if (recorded_.dispatched.contains(call.plan.id)) {
      if (co_await settle(call, context, seen)) co_return seen;
    } else if (!co_await mark_dispatched(call)) {
      co_return seen;
    }
  }
  call.prepared->numbers = [this](std::size_t count) {
    return std::exchange(numbered_, numbered_ + count) + 1;
  };
  tools::CallOutcome outcome = co_await agent_.toolbox->run(std::move(*call.prepared), context);
  fault_point("tool.returned");
  if (!outcome.ok && context.stop.requested())
    record_.pending().facts.push_back(record_.fact("tool.stopped", step_, {{"call", call.plan.id}}));
  co_await take(std::move(outcome), seen);
  co_return seen;
}

Task<bool> StepCalls::mark_dispatched(const Call& call) {
  store::Append mark = record_.take_pending();
  mark.facts.push_back(record_.fact("tool.dispatched", step_,
                                    {{"call", call.plan.id}, {"key", call.prepared->idempotency_key}}));
  mark.barrier = true;
  co_return co_await record_.commit(std::move(mark));
}

// False: the tool says that it was not carried out, so it is made now.
Task<bool> StepCalls::settle(Call& call, CallContext& context, Observation& seen) {
  tools::CallFate fate = co_await agent_.toolbox->fate(*call.prepared, context);
  if (fate.kind == tools::CallStatus::Kind::not_done) co_return false;
  if (fate.kind == tools::CallStatus::Kind::done) {
    co_await take(std::move(fate.outcome), seen);
  } else {
    seen.error = kUnknownOutcome;
  }
  co_return true;
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
                   .question = waiting.asks ? tools::question_of(waiting.input).text : ""});
  return all;
}

}  // namespace troupe::agents
