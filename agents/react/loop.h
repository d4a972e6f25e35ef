#pragma once

#include "agents/react/observation.h"
#include "agents/react/step_parser.h"
#include "agents/settings.h"
#include "agents/strategies/strategy.h"
#include "agents/strategies/structured_output.h"
#include "models/message.h"
#include "runtime/base/json.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
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
  models::Message user;                  ///< the message being answered
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

struct AskModel {};
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
            std::shared_ptr<const StructuredOutput> output = nullptr);

  /// The first step.
  Step start();
  /// A model's reply with what the parser made of it. `cost` in the currency of the prices, 0 when unknown.
  Step on_reply(const models::ModelReply& reply, const ParsedStep& parsed, double cost);
  /// One observation for every call of the last RunTools, in its order.
  Step on_observations(std::vector<Observation> observations);
  /// The model could not be asked: its error, retries included.
  Step on_model_error(const Error& error);
  Step on_interrupt(Interrupt why);

  const Strategy& strategy() const { return *strategy_; }
  /// What was made of the last reply that on_reply() got: an answer that does not fit is malformed here.
  const Reading& reading() const { return reading_; }

  /// The conversation as the next model call gets it. Grows only at its end.
  const std::shared_ptr<models::Transcript>& transcript() const { return transcript_; }
  /// Model calls begun so far = number of the current step, from 1.
  int step() const { return step_; }
  std::int64_t input_tokens() const { return input_tokens_; }
  std::int64_t output_tokens() const { return output_tokens_; }
  double cost() const { return cost_; }

 private:
  void hold_against_schema(const models::ModelReply& reply);
  Step ask_again(const models::ModelReply& reply, const Malformed& malformed);
  std::string too_many_corrections(const Malformed& malformed);
  Step plan(const models::ModelReply& reply, const ParsedStep& parsed, const ActionStep& action);
  Step next_model_call();
  void judge_repeat(PlannedCall& call);
  void remember_reply(const models::ModelReply& reply, std::size_t consumed);

  const AgentLimits limits_;
  const std::unique_ptr<Strategy> strategy_;
  const std::shared_ptr<const StructuredOutput> output_;
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
  std::int64_t input_tokens_ = 0;
  std::int64_t output_tokens_ = 0;
  double cost_ = 0;
};

}  // namespace troupe::agents
