#pragma once

#include "agents/agent.h"
#include "agents/budgets/purse.h"
#include "agents/guardrails/judge.h"
#include "agents/guardrails/rule.h"
#include "agents/react/loop.h"
#include "agents/runs/recorded_run.h"
#include "agents/runs/run_record.h"
#include "agents/runs/slots.h"
#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/base/context.h"
#include "runtime/base/secret.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace troupe::agents {

/// What rules said about a text.
struct Ruling {
  enum class Kind {
    passed,
    refused,
    undecided,  ///< a rule's judge could not be asked, or its verdict not be read: nothing passes then
    limit,      ///< of the run: nothing was left to ask a model with
    stopped,
  };
  Kind kind = Kind::passed;
  const Rule* rule = nullptr;
  Refusal why;
  LimitReached limit;
  bool passed() const { return kind == Kind::passed; }
};

/// The guardrails of one run: holds its message and its answers against the agent's rules. Rules that ask
/// nobody are first; then those that ask a model or a plugin, several at once, and the first refusal closes
/// the other calls. What a verdict costs is the run's. A verdict is on disk before it counts, so that no
/// start asks for it again. Loop thread only.
class RunGuard {
 public:
  /// Everything the run brings. `context` makes that of a model call; `refused_beside` is called when a rule
  /// that works beside the run refuses its message. All outlive the guard.
  struct Run {
    Loop& loop;
    RunRecord& record;
    Purse& purse;
    const Agent& agent;
    RecordedRun& recorded;
    std::function<CallContext(Stop&)> context;
    std::function<void()> refused_beside;
  };
  RunGuard(Run run, Secrets secrets);
  ~RunGuard();

  /// `react` outlives the guard's last call.
  void begin(ReactLoop& react) { react_ = &react; }

  /// The user's message, before anything is done for it.
  Task<Ruling> admit(Stop& stop);
  /// The rules that may work beside the run, until they are through or `run` stops.
  void judge_beside(Stop& run);
  /// Waits until the message has passed all rules. False: it did not, or `stop` came first.
  Task<bool> admitted(Stop& stop);
  bool message_passed() const { return message_passed_; }
  /// How the run ends when a rule beside it said no.
  std::optional<Finish> refused_beside() const;

  /// An answer, by the rules that ask nobody.
  Task<Ruling> check_answer(Judged answer, Stop& stop);
  /// The same answer, by the others. What refuses it is journaled with its warning.
  Task<Ruling> judge_answer(Judged answer, Stop& stop);
  /// An answer is not decided about without waiting for a model.
  bool answers_wait() const;

  /// What the model is told about its refused answer; "": it is not asked again. Counts.
  std::string note_for_model(const Ruling& ruling);
  Finish end_of(const Ruling& ruling) const;
  Event warning(const Ruling& ruling, int step) const;

  /// Counts what the journal says verdicts cost, in the order of the steps in which they came: those with at
  /// most `replies` replies of the run before them; `open`: also while the next one was awaited.
  void count_recorded(std::size_t replies, bool open);
  /// Counts all that are left, and what a crash took. True when there was something.
  bool count_rest();

  /// Stops what works beside the run, and waits for it.
  Task<> end();

 private:
  struct Batch;

  Task<Ruling> check(const std::vector<Rule>& rules, const Judged& judged, Stop& stop);
  Task<Ruling> judge(const std::vector<Rule>& rules, std::optional<RuleMode> mode, const Judged& judged,
                     int step, Stop& stop);
  Task<> judge_in(Batch& batch, const Rule& rule, Ruling& ruling);
  Task<Ruling> ask(const Rule& rule, const Judged& judged, int step, Stop& stop);
  Task<Ruling> ask_twice(const Rule& rule, const Judged& judged, int step, Stop& stop);
  Task<> work_beside();
  std::optional<Ruling> known(const Rule& rule, int step) const;
  Task<std::expected<JudgeReply, LimitReached>> ask_once(const Rule& rule,
                                                         std::shared_ptr<models::Transcript> transcript,
                                                         int step, int attempt, Stop& stop);
  Task<JudgeReply> ask_plugin(const Rule& rule, std::shared_ptr<models::Transcript> transcript, int step,
                              Stop& stop);
  void note_intent(const Rule& rule, const models::Transcript& transcript, int step, int attempt,
                   std::int64_t input);
  void note_usage(const Rule& rule, int step, const models::ModelReply& reply, std::int64_t ms);
  void note_lost(const Rule& rule, int step, const JudgeReply& from);
  Task<bool> keep(const Ruling& ruling, int step, const JudgeReply* from);
  Task<bool> keep_unreadable(const Rule& rule, int step, const JudgeReply& from);
  static Json fact_of(const Rule& rule);
  void add_usage(Json& fact, const Rule& rule, const models::ModelReply& reply) const;
  Json verdict_fact(const Rule& rule, const JudgeReply* from) const;
  std::string clean(std::string_view text) const;
  std::optional<models::Price> price_of(const Rule& rule, const std::string& entry) const;
  void decide_message(Ruling ruling);

  Run run_;
  const Secrets secrets_;
  const Guardrails& rules_;
  ReactLoop* react_ = nullptr;
  Judged message_;
  std::size_t counted_ = 0;  // of the recorded verdicts
  bool message_passed_ = false;
  std::optional<Ruling> beside_;  // once a rule beside the run did not let the message pass
  std::unique_ptr<Stop> beside_stop_;
  Nursery nursery_;
  std::set<OneShot<bool>*> waiting_;  // for the message to pass
  std::vector<int> sent_back_;        // answers, by rule
};

}  // namespace troupe::agents
