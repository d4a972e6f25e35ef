#pragma once

#include "agents/agent.h"
#include "agents/budgets/purse.h"
#include "agents/react/loop.h"
#include "agents/runs/facts.h"
#include "agents/runs/recorded_run.h"
#include "agents/runs/reply_sink.h"
#include "agents/runs/request_log.h"
#include "agents/runs/run_clock.h"
#include "agents/runs/run_driver.h"
#include "agents/runs/run_guard.h"
#include "agents/runs/run_record.h"
#include "agents/runs/step_calls.h"
#include "agents/runs/stop_fact.h"
#include "agents/strategies/reply_schema.h"
#include "memory/conversation/recollection.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/base/context.h"
#include "runtime/store/journal.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// The driver of one run: performs what ReactLoop asks for, journals what came of it, feeds it back.
/// Order of writes: intent before the model is asked; reply and actions before a tool starts; a dispatch mark
/// before an at-most-once tool is called; observation before anybody sees it; answer and end in one append.
/// What a step leaves to write goes out with the next write that something waits for, so a step of one pure
/// call is two commits. Loop thread only.
class AgentRun final : public RunDriver {
 public:
  /// `row` as committed when the run was accepted; `system` is its rendered prompt; `secrets` are masked in
  /// what is kept of requests. `loop`, `journal`, `account` and `stop` outlive the run. Stopping with
  /// StopReason::shutdown leaves the run unfinished, for the next start.
  AgentRun(Loop& loop, store::Journal& journal, Account& account, std::shared_ptr<const Agent> agent,
           store::RunRow row, std::string system, Secrets secrets, Stop& stop, RecordedRun recorded = {});
  ~AgentRun() override;

  /// Runs to the end and returns with run.finished committed (or not at all: see above, and a closed
  /// journal). Everything it started has ended when it returns.
  Task<> run() override;

  std::vector<Over> over() const override {
    if (!record_.row().finished() || record_.lost()) return {};
    return {{agent_, record_.row()}};
  }

  /// Ends the run as cancelled after the step at work.
  void finish_after_step() override { after_step_ = true; }

  /// A person's decision about a call of it; see StepCalls::decide.
  Result<Approvals::Receipt> decide(const Decision& decision) override { return calls_.decide(decision); }
  /// What waits for a person now.
  std::vector<PendingApproval> waiting() const override { return calls_.waiting(); }
  /// Nothing of it is at work but the waiting for a person.
  bool only_waits() const override { return calls_.only_waits(); }
  void on_waits_changed(std::function<void()> told) { calls_.on_waits_changed(std::move(told)); }
  RunDriver* driver_of(std::string_view run) override { return run == record_.row().id ? this : nullptr; }
  void cancel() override { stop_.request(StopReason::cancelled); }

 private:
  class Deltas;
  /// What came of a request to the model.
  struct Asked;

  Task<> drive();
  Task<> fail_by(std::string escaped);
  Task<Result<LoopStart>> begin();
  void note_counting();
  Task<Result<>> add_blocks(std::string& system);
  Task<Result<memory::Recollection>> recall();
  void note_history();
  LoopRules rules() const;
  PromptRules prompt_rules();
  void note_fitted();
  void keep_back_for_judges(LoopRules& rules) const;
  Task<std::optional<Finish>> admit();
  Task<Step> perform(Step step);
  Task<Step> ask_model(AskModel ask);
  Task<Asked> complete(models::ModelRequest request, ReplySink& sink, const AskModel& ask);
  Task<> tell();
  models::ModelRequest request_for(const AskModel& ask);
  store::Fact intent_fact(const models::ModelRequest& request, const AskModel& ask);
  void note_failed(const Error& error, int attempt, const ReplySink& sink);
  void note_lost(const models::Usage& usage, const std::string& entry);
  void note_untold();
  void note_use(Event told);
  void set_time(const AskModel& ask);
  std::optional<Milliseconds> wait_after(const Error& error, int broken) const;
  void note_broken(const Error& error, int broken, Milliseconds wait);
  Task<Step> take_recorded(AskModel ask);
  Step feed(const RecordedReply& known, ParsedStep& parsed, const AskModel& ask);
  Task<Step> take_reply(RecordedReply known, ReplySink& sink, const AskModel& ask);
  Task<Ruling> check_answer(const Step& step);
  Task<Step> conclude(Finish end, models::ModelReply reply, ReplySink* sink);
  Step send_back(const models::ModelReply& reply, const Ruling& ruling, ReplySink* sink);
  void record_reading(const ParsedStep& parsed, int step, store::Append& append) const;
  Task<Step> run_tools();
  Task<> finish(Finish end);
  Step interrupted(std::vector<Observation> observations = {}, bool between = false);
  void note_stop(RunStopped stopped);

  Event answer_event(const Finish& end) const;
  CallContext context(Stop& stop);
  CallContext judging(Stop& stop);
  Interrupt why_stopped() const;

  Loop& loop_;
  store::Journal& journal_;
  const std::shared_ptr<const Agent> agent_;
  std::string system_;
  Stop& stop_;
  std::unique_ptr<Stop>
      work_;  // of stop_: also requested when the time is over, and renewed for a last answer
  RecordedRun recorded_;
  RunRecord record_;
  Purse purse_;
  RunClock clock_;
  std::unique_ptr<RunGuard> guard_;  // null: the agent has no rules
  memory::Recollection recalled_;    // until what is kept of the first request refers to it
  RequestLog requests_;
  ReplySchemas schemas_;
  StepCalls calls_;
  std::unique_ptr<Deltas> deltas_;
  std::unique_ptr<ReactLoop> react_;
  bool after_step_ = false;
  std::size_t fed_ = 0;  // recorded replies
};

}  // namespace troupe::agents
