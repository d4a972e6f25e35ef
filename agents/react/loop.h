#pragma once

#include "agents/react/budget.h"
#include "agents/react/fitting.h"
#include "agents/react/observation.h"
#include "agents/react/prompt_fitter.h"
#include "agents/react/step_parser.h"
#include "agents/settings.h"
#include "agents/strategies/strategy.h"
#include "agents/strategies/structured_output.h"
#include "models/context_window.h"
#include "models/message.h"
#include "models/token_counter.h"
#include "runtime/base/json.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace troupe::agents {

/// How often in a row prose that is no step is sent back before the run ends as unparsable.
inline constexpr int kProseCorrections = 1;
/// Bytes of a reply that could not be used which stay in the conversation for the model to see.
inline constexpr std::size_t kRefusedReplyBytes = 16u << 10;

/// What a run begins with. All of it is journaled before the first model call, so a resumed run begins alike.
struct LoopStart {
  std::string system;                    ///< rendered prompt
  std::vector<models::Message> history;  ///< recalled turns
  std::vector<std::size_t> answers;      ///< which of them are answers
  models::Message user;                  ///< the message being answered
};

/// What else decides how a run goes on, beside its limits.
struct LoopRules {
  OnLimit on_limit = OnLimit::stop;
  OnDeny on_deny = OnDeny::tell;
  OnUnknown on_unknown = OnUnknown::tell;
  std::optional<models::Price> price;                   ///< of the model: what a call may still cost
  std::vector<std::optional<models::Price>> fallbacks;  ///< what those of the model cost, in order
  std::int64_t overhead = 0;        ///< tokens of a request beside its messages (declared tools)
  std::int64_t judging_tokens = 0;  ///< what the rules for a best answer at a limit may use
  double judging_cost = 0;
};

/// A request of an earlier process that was answered: what was decided about it from counts, which another
/// process may make differently.
struct AskedBefore {
  std::int64_t input = 0;  ///< tokens, as they were taken
  std::string limit;       ///< max_tokens or max_cost: it asked for a best answer there
  std::string detail;
  bool left_out = false;  ///< what nobody had read was left out of it
};

/// How large a prompt may be, and how that is known.
struct PromptRules {
  std::shared_ptr<models::TokenCounter> tokens;   ///< null: an estimate
  std::shared_ptr<models::ContextWindow> window;  ///< null: unknown, nothing is left out
  std::map<int, AskedBefore> asked;               ///< by step
  std::map<int, std::deque<Fitting>> fitted;      ///< by step, in the order they were made
};

/// A tool call that the engine is to make, or to refuse.
struct PlannedCall {
  std::string id;  ///< "c_1", unique in its run
  int index = 0;   ///< 0-based within its step: part of the idempotency key
  std::string tool;
  Json input;
  std::string refused;  ///< not "": do not call; this is the observation's error
  std::string note;     ///< not "": told to the model beside the observation
};

struct AskModel {
  Allowance allowance;    ///< what this call may use
  bool last = false;      ///< asks for a best answer at a limit: no call of a tool can follow
  LimitReached at{};      ///< that limit
  bool left_out = false;  ///< what nobody had read is left out of it
};
struct RunTools {
  std::vector<PlannedCall> calls;
};
struct Finish {
  std::string_view status;  ///< a literal: done, failed, cancelled, limit, denied
  std::string_view reason;  ///< a literal of docs/protocol.md: final_answer, max_steps, …
  std::string answer;
  Json data;           ///< null, or the answer as JSON
  std::string detail;  ///< for people, on anything but done
};
using Step = std::variant<AskModel, RunTools, Finish>;

/// Why the engine interrupts a run between or within steps.
enum class Interrupt { cancelled, deadline, shutdown };

/// The ReAct loop as a pure state machine: no I/O, no clock, no Asio. The engine performs each step, journals
/// what came of it and feeds it back; resume and replay feed the journal through this same class. After
/// Finish nothing may be fed any more.
///
/// ReAct: Yao et al., "ReAct: Synergizing Reasoning and Acting in Language Models", 2022.
class ReactLoop {
 public:
  /// `strategy`: null for `react`. `output`: null when any text is an answer.
  ReactLoop(AgentLimits limits, LoopStart start, std::unique_ptr<Strategy> strategy = nullptr,
            std::shared_ptr<const StructuredOutput> output = nullptr, LoopRules rules = {},
            PromptRules prompt = {});

  /// The first step.
  Step start();
  /// A model's reply with what the parser made of it. `cost` in the currency of the prices, 0 when unknown.
  Step on_reply(const models::ModelReply& reply, const ParsedStep& parsed, double cost);
  /// One observation for every call of the last RunTools, in its order.
  Step on_observations(std::vector<Observation> observations);
  /// The reply's stream was cut at a limit, before its step was complete.
  Step on_cut(const models::ModelReply& reply, double cost, LimitReached reached);
  /// A budget that runs spend together has no room for the call that AskModel asks for; it is not made.
  /// `begun`: the step had another call before, which came to nothing.
  Step on_budget(LimitReached reached, bool begun);
  /// The model could not be asked: its error, retries included.
  Step on_model_error(const Error& error);
  /// The provider refused the request as too long. Once in a step more is left out, and the model is to be
  /// asked again; else as on_model_error. `own`: it was the run's own model, not a fallback, so that what it
  /// takes is known for the next runs, too.
  Step on_too_large(const Error& error, bool own);
  /// What calls used that a crash cut off. To be told when AskModel is to be performed; returns it, or what
  /// follows when nothing is left for it.
  Step on_lost(const models::Usage& usage, double cost);
  /// A call that was cut off by a stop; on_interrupt follows.
  void count_lost(const models::Usage& usage, double cost) { budget_.lost(usage, cost); }
  /// A rule refused the answer of the last reply, which on_reply() gave as Finish: the model is asked again
  /// with `note`. The run ends as `end` when there is none, and where it was at a limit already.
  Step on_refused(const models::ModelReply& reply, const std::string& note, Finish end);
  /// A call beside the conversation, at another price: what it may use, what it used, what a crash took.
  std::expected<Allowance, LimitReached> aside(std::int64_t input,
                                               const std::optional<models::Price>& price) const {
    return budget_.aside(input, price);
  }
  /// What such calls use while they are at work; see Budget.
  void hold_aside(std::int64_t tokens, double cost) { budget_.hold_aside(tokens, cost); }
  /// What the call that was asked for last uses while it is at work; see Budget.
  std::string_view hold_own(std::int64_t tokens, double cost) { return budget_.hold_own(tokens, cost); }
  bool aside_fits(const std::optional<models::Price>& price) const { return budget_.aside_fits(price); }
  void count_aside(const models::Usage& usage, double cost) { budget_.lost(usage, cost); }
  void count_lost_aside(const models::Usage& usage, double cost) { budget_.lost_untold(usage, cost); }
  /// `observations` of the calls at work, where there were any: no call is left without one. At the deadline
  /// this may be one more AskModel, for a best answer.
  Step on_interrupt(Interrupt why, std::vector<Observation> observations = {});

  const Strategy& strategy() const { return *strategy_; }
  /// What was made of the last reply that on_reply() got: an answer that does not fit is malformed here.
  const Reading& reading() const { return reading_; }

  /// The conversation as the next model call gets it. Grows only at its end.
  const std::shared_ptr<models::Transcript>& transcript() const { return transcript_; }
  /// What was left out of the conversation since this was asked last: to be on disk before the next request.
  std::vector<Fitting> take_fitted() { return std::exchange(fitted_, {}); }
  /// Of the request at work, for its counter to learn from what is reported.
  std::int64_t counted() const { return budget_.counted(); }
  /// Model calls begun so far = number of the current step, from 1.
  int step() const { return step_; }
  std::int64_t input_tokens() const { return budget_.input_tokens(); }
  std::int64_t output_tokens() const { return budget_.output_tokens(); }
  double cost() const { return budget_.cost(); }

 private:
  void hold_against_schema(const models::ModelReply& reply);
  Step ask_again(const models::ModelReply& reply, const Malformed& malformed);
  std::string too_many_corrections(const Malformed& malformed);
  Step plan(const models::ModelReply& reply, const ParsedStep& parsed, const ActionStep& action);
  Step next_model_call();
  std::optional<Finish> fit();
  std::string what_is_too_large(std::int64_t least, std::int64_t context) const;
  bool leave_out(std::int64_t limit, bool exceeded);
  void replace_by(const Fitting& fitting);
  void leave_out_as_before();
  const AskedBefore* asked_before() const;
  Step ask_anew();
  Step on_last_reply();
  Step at_limit(LimitReached reached);
  Step end_at_limit(std::string remark);
  void leave_out_unread();
  int ordinary_steps() const;
  void add_observations(std::vector<Observation> observations);
  void judge_repeat(PlannedCall& call);
  void remember_reply(const models::ModelReply& reply, std::size_t consumed);

  const AgentLimits limits_;
  const std::unique_ptr<Strategy> strategy_;
  const std::shared_ptr<const StructuredOutput> output_;
  const LoopRules rules_;
  PromptRules prompt_;
  Budget budget_;
  PromptFitter fitter_;
  std::vector<Fitting> fitted_;
  Reading reading_;
  std::shared_ptr<models::Transcript> transcript_ = std::make_shared<models::Transcript>();
  int step_ = 0;
  int calls_ = 0;
  int corrections_ = 0;    // in a row, of any kind but answers
  int prose_ = 0;          // of them, for prose
  int wrong_answers_ = 0;  // that did not fit the schema, in all
  bool repeated_too_often_ = false;
  std::map<std::string, int> seen_calls_;     // tool and canonical input → how often
  std::map<std::string, std::string> notes_;  // call → what the model is told beside its observation
  std::size_t asked_with_ = 0;                // messages of the last request
  bool left_unread_ = false;                  // of the last answer's request
  int exceeded_ = 0;                          // the last step whose request was too long for the provider
  std::optional<LimitReached> reached_;       // where a best answer was asked for, or the run ends
};

}  // namespace troupe::agents
