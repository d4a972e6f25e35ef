#pragma once

#include "models/message.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/json.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// What calling a tool twice means; decides what a resume may repeat.
enum class Effect {
  pure,          ///< reads only: may be repeated at will
  idempotent,    ///< may be repeated with the same key
  at_most_once,  ///< never dispatched twice (the default)
};
std::string_view word(Effect effect);

struct ToolSpec {
  models::ToolDeclaration declaration;  ///< name, description for the model, JSON Schema of the input
  Effect effect = Effect::at_most_once;
  std::chrono::milliseconds timeout{0};  ///< 0: the agent's tool_time
  std::string version = "1";             ///< part of the idempotency key
  /// A call waits for somebody else (another agent, a person) rather than working: no tool_time bounds it,
  /// and while nothing else of a step is at work the time of the run stands still.
  bool waits = false;
  /// A call is a question to a person, and is made with the answer (tools/question.h): every call waits for a
  /// person, as one that needs an approval does.
  bool asks = false;
  std::string default_answer;  ///< asks: taken where people are given a time and it is over; "": none
};

struct ToolInput {
  Json arguments;               ///< validated against the declaration's schema
  std::string idempotency_key;  ///< the same for every attempt of this call
  /// For a tool whose findings are cited by number: the first of so many that nothing else in the run has.
  /// Null: they begin with 1.
  std::function<std::size_t(std::size_t)> numbers = nullptr;
};

/// Where a statement of the output comes from.
struct Source {
  std::string title;
  std::string url;
  /// Not null: a passage that the output shows under a number, as the `citations` of an answer have it (see
  /// memory/knowledge/search/citations.h); an answer cites it by its `index`.
  Json passage;
};

struct ToolOutput {
  std::string text;  ///< what the agent reads. Untrusted: never becomes system text
  std::vector<Source> sources;
  /// The agent's work ends with this call, and the text is its answer: it passed the conversation on.
  bool ends = false;
};

/// What a tool can say of a call that an earlier process began and had no outcome of.
struct CallStatus {
  enum class Kind {
    unknown,   ///< it cannot tell
    done,      ///< it was carried out: `output` is what came of it
    not_done,  ///< it was not, and will not be unless it is made again
  };
  Kind kind = Kind::unknown;
  ToolOutput output;
};

/// A tool. Concurrent calls are fine. Loop thread only. call() honours context.stop and context.deadline, and
/// tells the context of what it spends on models or embedders as it spends it (models/model_use.h).
/// An Error's message is shown to the agent as the observation: say what to do differently.
class Tool {
 public:
  virtual ~Tool() = default;
  virtual const ToolSpec& spec() const = 0;
  virtual Task<Result<ToolOutput>> call(ToolInput input, CallContext& context) = 0;
  /// What became of the call that bore this key: asked once at a resume, where a call of a tool that is
  /// at_most_once had begun. Within the limits of a call; an error counts as unknown. A request that is still
  /// on its way must not make `not_done` untrue: the peer takes the key for the same call. Without one of
  /// its own a tool cannot tell.
  virtual Task<Result<CallStatus>> status(std::string idempotency_key, CallContext& context);
};

/// The configured tools by their name in `tools:`, those of a section that gives several as `section/tool`
/// (tools/names.h).
using ToolTable = std::map<std::string, std::shared_ptr<Tool>, std::less<>>;

}  // namespace troupe::tools
