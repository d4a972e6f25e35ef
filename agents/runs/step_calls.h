#pragma once

#include "agents/agent.h"
#include "agents/react/loop.h"
#include "agents/runs/approval.h"
#include "agents/runs/approval_record.h"
#include "agents/runs/approvals.h"
#include "agents/runs/observation_store.h"
#include "agents/runs/recorded_run.h"
#include "agents/runs/run_clock.h"
#include "agents/runs/run_record.h"
#include "agents/runs/slots.h"
#include "runtime/base/context.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::agents {

/// The tool calls of a run, step by step: which may be made, which wait for a person, how many at once, and
/// what is on disk before and after each. A call that needs an approval is on disk as waiting together with
/// the action that asks for it; while everything of a step waits, the run's clock stands. What nobody decides
/// in the time that the agent's settings give is decided as they say. What does not fit into an observation
/// is kept and can be paged through. A call that may have been made by an earlier process, of which the tool
/// cannot tell, is not made again unless a person says so. Loop thread only.
class StepCalls {
 public:
  /// All outlive the calls. `recorded`: what an earlier process had of the run.
  StepCalls(Loop& loop, store::Journal& journal, RunRecord& record, RunClock& clock, const Agent& agent,
            const RecordedRun& recorded);

  ~StepCalls();

  /// What a call with an effect waits for before it is made; false: it is not made. Given the stop of the
  /// step. Without one nothing is waited for.
  using Gate = std::function<Task<bool>(Stop&)>;
  void set_gate(Gate gate) { gate_ = std::move(gate); }

  /// Takes the calls of a step and checks them.
  void plan(std::vector<PlannedCall> calls, int step);
  /// What is to be on disk before the first of them is made.
  void record_plan(store::Append& append) const;
  /// Makes them and returns what came of each, in their order. On a stop every one has ended, too.
  /// `context.stop` is the stop of the step; `whole` of the run, which says whether the next start goes on.
  Task<std::vector<Observation>> run(CallContext& context, Stop& whole);

  /// What a model is offered now.
  std::shared_ptr<const std::vector<models::ToolDeclaration>> declarations() const;

  /// Takes a person's decision. The receipt is set once it is on disk. Errors: not_found, conflict (decided
  /// already), invalid (an edited input that the tool does not take, or of a call that may have been made
  /// before, or a question without a proper answer: the call goes on waiting).
  Result<Approvals::Receipt> decide(const Decision& decision);
  std::vector<PendingApproval> waiting() const;
  /// Nothing is at work: persons, or others whom tools wait for (tools::ToolSpec::waits), are to go on.
  bool only_waits() const { return working_ == 0 && (approvals_.any_waiting() || others_ > 0); }
  /// Told whenever only_waits() may have changed.
  void on_waits_changed(std::function<void()> told) { waits_changed_ = std::move(told); }

  /// The sources of all observations so far.
  const std::vector<tools::Source>& sources() const { return sources_; }

 private:
  struct Call;

  Call checked(PlannedCall plan) const;
  Result<tools::Prepared> prepared(const PlannedCall& plan, Json input) const;
  const Json& made_with(const PlannedCall& plan) const;
  bool needs_person(const Call& call, const PlannedCall& plan) const;
  Task<> make_and_commit(Call& call, Observation& result, Slots& slots, CallContext& context, Stop& step,
                         Stop& whole);
  Task<Observation> make_or_ask(Call& call, Slots& slots, CallContext& context, Stop& step);
  Task<Observation> make_in_turn(Call& call, Slots& slots, CallContext& context, Stop& step);
  Task<Observation> make(Call& call, CallContext& context);
  bool may_ask_again(const Call& call) const;
  bool ends_run(const Observation& seen) const;
  Task<bool> begin_asking_again(Call& call);
  void await_person(AskedCall asked);
  Task<bool> mark_dispatched(const Call& call);
  Task<tools::CallStatus::Kind> settle(Call& call, CallContext& context, Observation& seen);
  Task<> take(tools::CallOutcome outcome, Observation& seen);
  Task<Observation> read_more(Call& call);
  Task<> keep_whole(Observation& seen, std::string whole);
  Task<std::optional<Observation>> ask_person(Call& call, Stop& stop);
  Observation not_made(const Call& call, const std::optional<Verdict>& verdict) const;
  std::optional<Verdict> recorded_verdict(const Call& call) const;
  Loop::Alarm timeout_of(const Call& call);
  Task<bool> commit_verdict(Call& call, const Verdict& verdict);
  void require_approvals();
  bool waits_for_others(const Call& call) const;
  Task<Observation> make_while_waiting(Call& call, CallContext& context);
  void begin_work();
  void end_work();

  Loop& loop_;
  store::Journal& journal_;
  RunRecord& record_;
  RunClock& clock_;
  const Agent& agent_;
  const RecordedRun& recorded_;
  Approvals approvals_;
  ObservationStore outputs_;
  Gate gate_;
  std::vector<Call> calls_;  // of the step at work
  int step_ = 0;
  int working_ = 0;  // calls that wait for nobody
  int others_ = 0;   // calls that wait for others
  std::function<void()> waits_changed_;
  std::vector<tools::Source> sources_;
  std::size_t numbered_ = 0;  // passages of the run that answers may cite
  mutable std::shared_ptr<const std::vector<models::ToolDeclaration>> with_read_more_;
};

}  // namespace troupe::agents
