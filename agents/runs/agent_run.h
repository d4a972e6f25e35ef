#pragma once

#include "agents/agent.h"
#include "agents/react/loop.h"
#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/base/context.h"
#include "runtime/store/journal.h"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace troupe::agents {

/// What the journal already knows of a run that is taken up again: fed to the loop instead of asking anew.
struct RecordedRun {
  bool started = false;                             ///< run.started is journaled
  std::deque<Json> replies;                         ///< facts model.reply, in order
  std::map<std::string, Observation> observations;  ///< by call
  std::set<std::string> dispatched;                 ///< calls that left for an at-most-once tool
  int last_intent_step = 0;                         ///< 0: none
  int last_intent_attempt = 0;
  std::size_t journaled_messages = 0;
};

/// Folds a run's facts and events. Errors: store (a fact that does not parse: the journal is damaged).
Result<RecordedRun> fold_run(const std::vector<store::Fact>& facts, const std::vector<Frame>& events);

/// The driver of one run: performs what ReactLoop asks for, journals what came of it, feeds it back.
/// Order of writes: intent before the model is asked; reply and actions before a tool starts; a dispatch mark
/// before an at-most-once tool is called; observation before anybody sees it; answer and end in one append.
/// What a step leaves to write goes out with the next write that something waits for, so a step of one pure
/// call is two commits. Loop thread only.
class AgentRun {
 public:
  /// `row` as committed when the run was accepted; `system` is its rendered prompt. `loop`, `journal` and
  /// `stop` outlive the run. Stopping with StopReason::shutdown leaves the run unfinished, for the next
  /// start.
  AgentRun(Loop& loop, store::Journal& journal, std::shared_ptr<const Agent> agent, store::RunRow row,
           std::string system, Stop& stop, RecordedRun recorded = {});
  ~AgentRun();

  /// Runs to the end and returns with run.finished committed (or not at all: see above, and a closed
  /// journal). Everything it started has ended when it returns.
  Task<> run();

  /// Ends the run as cancelled after the step at work.
  void finish_after_step() { after_step_ = true; }

 private:
  class Deltas;
  class StreamSink;
  struct ReadyCall;

  Task<Result<LoopStart>> begin();
  Task<Step> perform(Step step);
  Task<Step> ask_model();
  Task<Step> take_reply(models::ModelReply reply, ParsedStep parsed, double cost, std::int64_t ms,
                        StreamSink* sink);
  Task<Step> run_tools();
  Task<Observation> call_tool(ReadyCall& call);
  Task<> call_and_commit(ReadyCall& call, Observation& result);
  Task<> finish(Finish end);
  Task<bool> commit(store::Append append);

  std::vector<ReadyCall> prepare(std::vector<PlannedCall> planned) const;
  Event event(std::string_view type, int step) const;
  Event usage_event(const models::ModelReply& reply, double cost, std::int64_t ms) const;
  void record(const Observation& observation, store::Append& append) const;
  Event finished_event(const Finish& end) const;
  Event answer_event(const Finish& end) const;
  store::Fact fact(std::string_view kind, const Json& body) const;
  store::Fact intent_fact();
  CallContext context(Stop& stop);
  Interrupt why_stopped() const;

  Loop& loop_;
  store::Journal& journal_;
  const std::shared_ptr<const Agent> agent_;
  store::RunRow row_;
  std::string system_;
  Stop& stop_;
  RecordedRun recorded_;
  std::unique_ptr<Deltas> deltas_;
  std::unique_ptr<ReactLoop> react_;
  std::vector<ReadyCall> calls_;        // of the step at work
  store::Append pending_;               // goes out with the next commit
  std::vector<tools::Source> sources_;  // of all observations so far
  Instant began_;
  bool after_step_ = false;
  bool lost_ = false;  // the journal is closed: nothing can be promised any more, so nothing is done
};

}  // namespace troupe::agents
