#pragma once

#include "runtime/base/json.h"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace troupe::agents {

/// What a model's reply asks for, once decided.
struct ParsedAction {
  std::string tool;
  Json input;           ///< usually an object; what the model wrote otherwise (a string for text dialects)
  std::string problem;  ///< not "": the call cannot be made; this becomes its observation
};
struct ActionStep {
  std::vector<ParsedAction> actions;  ///< at least one
};
struct FinalStep {
  std::string answer;
  Json data;  ///< null unless the model wrote its answer as JSON
};
struct Malformed {
  /// How often the model is told differs by kind.
  enum class Kind {
    unreadable,
    prose,   ///< nothing in the reply looks like a step
    answer,  ///< a final answer that does not fit `output.schema`; not the parser's finding
  };
  std::string reason;  ///< exact, for the model to correct itself by
  Kind kind = Kind::unreadable;
};

struct ParsedStep {
  std::string thought;
  std::variant<Malformed, ActionStep, FinalStep> outcome;
  std::vector<std::string>
      repairs;               ///< what was mended ("trailing comma", "single quotes"); each becomes a warning
  std::size_t consumed = 0;  ///< bytes of the reply up to the end of the construct that decided
  bool cut = false;  ///< the reply ended inside that construct, which was closed for it: a limit on output
                     ///< tokens may have taken the rest of the input or answer
};

/// Typed pieces of a step while the model still writes.
struct StepDelta {
  enum class Kind { thought, action, argument, answer };
  Kind kind;
  std::string text;
};

/// Reads a reply byte by byte and decides at the first complete action or final answer by position. Sans I/O;
/// the same result whatever the chunking. Linear in the bytes fed.
class StepParser {
 public:
  virtual ~StepParser() = default;
  /// Feeds the next bytes; typed deltas are appended to `deltas`. True while more is wanted; false once a
  /// step is decided (the rest of the reply is of no interest and the stream can be closed).
  virtual bool feed(std::string_view bytes, std::vector<StepDelta>& deltas) = 0;
  /// The end of the reply: what was decided, or could be repaired, or why neither. Deltas that completing the
  /// step brings to light are appended.
  virtual ParsedStep finish(std::vector<StepDelta>& deltas) = 0;
};

/// How the model was asked to write. Every dialect also reads the labels and objects of the others; they
/// differ in what unlabelled text means and in which actions need no label.
enum class Dialect {
  json_steps,      ///< one JSON object a step (react)
  text_labels,     ///< Thought / Action / Action Input / Final Answer lines (react_text)
  native_tools,    ///< tool calls come beside the text; the text is the answer (tools)
  conversational,  ///< as text_labels or json_steps; prose without any label is the answer
  brackets,        ///< Search[…], Lookup[…], Finish[…] (docstore)
  self_ask,        ///< Follow up: / Intermediate answer: / So the final answer is:
};

struct StepParserOptions {
  Dialect dialect = Dialect::json_steps;
  std::string follow_up_tool = "Intermediate Answer";  ///< which tool answers a `Follow up:` question
};

/// A parser for one reply. Bytes beyond limits::kModelReplyBytes make the reply malformed.
std::unique_ptr<StepParser> make_step_parser(StepParserOptions options);

}  // namespace troupe::agents
