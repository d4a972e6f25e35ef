#pragma once

#include "agents/react/observation.h"
#include "agents/react/step_parser.h"
#include "agents/settings.h"
#include "agents/strategies/reply_schema.h"
#include "models/message.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::agents {

/// A reply that is neither call nor answer, but moved the strategy on: a plan was made, a part of it is done.
struct Onward {
  std::string message;  ///< what the model is told next, as the user
};

/// What a strategy makes of a reply.
struct Reading {
  std::string thought;
  std::variant<Malformed, ActionStep, FinalStep, Onward> outcome;
};

/// How an agent works: in which form the model is asked to write, what a reply in that form asks for, and how
/// results are written back in the same form. The loop decides what happens (limits, repeats, corrections);
/// a strategy only translates. One object per run, cloned from the agent's; deterministic, so that a resumed
/// run that feeds the recorded replies arrives where it was. No I/O, loop thread only.
///
/// What comes from outside (a tool's output, an error that quotes it) is written so that it cannot end its
/// block, begin a line that reads as a label, or contain a chat template's control token.
class Strategy {
 public:
  virtual ~Strategy() = default;
  virtual std::unique_ptr<Strategy> clone() const = 0;

  /// How the next reply is to be read. The same for a reply that streams and for a recorded one.
  virtual StepParserOptions parser() const = 0;
  virtual models::ToolMode tool_mode() const { return models::ToolMode::prompted; }
  /// What the next reply may be, where a provider can hold it to that; nothing: what the model likes.
  virtual std::optional<ReplyForm> form() const { return std::nullopt; }
  /// Where a provider may stop by itself, before the model makes up a result.
  virtual std::vector<std::string> stop() const { return {}; }
  /// False while what the parser takes for an answer is only the result of a part of the work: it streams as
  /// a thought.
  virtual bool answering() const { return true; }

  /// The next reply is the last one, asked for at a limit: an answer in it is the answer.
  virtual void last_call() {}

  /// What the reply asks for. Called once for each reply, in order.
  virtual Reading read(const models::ModelReply& reply, const ParsedStep& parsed);

  /// The assistant's message for a reply that is not the last one. `consumed`: bytes of its text that count;
  /// what the model wrote after the construct that decided (a made-up observation) is not part of the
  /// conversation.
  virtual models::Message said(const models::ModelReply& reply, std::size_t consumed) const;
  /// Appends what came of the calls of the last reply, in their order.
  virtual void observed(models::Transcript& transcript,
                        const std::vector<Observation>& observations) const = 0;
  /// A message that observed() wrote for these observations, or for one of several, with others in their
  /// place.
  virtual models::Message rewritten(models::Message message,
                                    const std::vector<Observation>& observations) const;
  /// The user's message that tells what was wrong with the last reply.
  virtual models::Message corrected(const std::string& reason) const = 0;
  /// An earlier answer as the model would have written it, for the history.
  virtual std::string answered(const std::string& text) const { return text; }

  /// One few-shot example, in the form the model is asked for.
  virtual std::string example(const Example& example) const = 0;
  /// What its prompt file is given beyond what every prompt is.
  virtual Json prompt_values() const { return Json::object(); }

  /// A call as the model would have written it, with the thought before it; what came of it is not in it.
  virtual std::string called(const ExampleStep& step) const = 0;
  /// Appends a step of a conversation that was held elsewhere, in the form the model is asked for: calls, and
  /// what came of each. `thought` may be "".
  virtual void retold(models::Transcript& transcript, const std::string& thought,
                      const std::vector<models::ToolCall>& calls,
                      const std::vector<Observation>& observations) const;
};

using Declarations = std::vector<models::ToolDeclaration>;

/// A row of strategies.def.
struct StrategyEntry {
  std::string_view name;   ///< also of its prompt
  std::string_view about;  ///< one line, for people
  Result<std::unique_ptr<Strategy>> (*make)(const Declarations& tools);
};
const std::vector<StrategyEntry>& strategy_entries();

/// A strategy for an agent with these tools. Errors: not_found (no such strategy), invalid (tools that the
/// strategy cannot work with, and what it needs).
Result<std::unique_ptr<Strategy>> make_strategy(std::string_view name, const Declarations& tools);

}  // namespace troupe::agents
