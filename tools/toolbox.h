#pragma once

#include "tools/json_schema.h"
#include "tools/tool.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// The limits of an agent's calls.
struct CallLimits {
  std::chrono::milliseconds tool_time = limits::kToolTime;  ///< per call; a tool's own timeout may be shorter
  std::size_t observation = limits::kObservation;           ///< bytes the agent reads of one output
  std::size_t whole = 0;  ///< bytes of an output that are handed on beside what the agent reads; 0: none
};

/// A call that was checked and may be carried out. Pure data and the tool: what is journaled between
/// prepare() and run() is `name`, `arguments`, `effect`.
struct Prepared {
  std::shared_ptr<Tool> tool;
  std::string name;
  Json arguments;
  std::vector<std::string> repairs;  ///< what was mended in the arguments; each is a warning
  Effect effect = Effect::at_most_once;
  std::string version;                                        ///< of the tool, for the idempotency key
  std::string idempotency_key;                                ///< set by the caller before run()
  std::function<std::size_t(std::size_t)> numbers = nullptr;  ///< the same: ToolInput::numbers
};

/// What became of a call. A failure is an outcome like any other: the agent reads why and goes on.
struct CallOutcome {
  bool ok = false;
  std::string output;  ///< when ok; clipped to the limit
  std::string error;   ///< when not: what went wrong and what to do instead; clipped too
  ErrorCode code =
      ErrorCode::internal;  ///< when not ok: cancelled and timeout are for the caller to tell apart
  bool truncated = false;
  std::string whole;  ///< of a truncated output: as the tool gave it, up to CallLimits::whole
  std::vector<Source> sources;
  bool ends = false;  ///< ToolOutput::ends
  std::chrono::milliseconds ms{0};
  /// What the agent reads.
  const std::string& observation() const { return ok ? output : error; }
};
/// What a tool said of a call that an earlier process began.
struct CallFate {
  CallStatus::Kind kind = CallStatus::Kind::unknown;
  CallOutcome outcome;  ///< when done, as run() would have given it
};
CallOutcome failed(Error error, std::size_t observation_max = limits::kObservation);

/// The tools one agent may call: finds them, holds arguments against their schemas, and runs them within
/// limits. Made once for an agent, used by all its runs, also at the same time. Loop thread only.
class Toolbox {
 public:
  /// `names`: as configurations write them (tools/names.h); who names a section has all its tools. Errors:
  /// not_found (a name that is not in the table), invalid (a tool whose schema does not compile), conflict
  /// (two tools that a model could not tell apart).
  static Result<Toolbox> make(const ToolTable& table, const std::vector<std::string>& names,
                              CallLimits call_limits = {});
  Toolbox(Toolbox&&) noexcept;
  Toolbox& operator=(Toolbox&&) noexcept;
  ~Toolbox();

  /// As the model is told, in the order of `names`. Never null.
  std::shared_ptr<const std::vector<models::ToolDeclaration>> declarations() const { return declarations_; }
  const CallLimits& limits() const { return limits_; }
  /// Here and below a tool is known as models call it: call_name() of its name in the table.
  bool has(std::string_view name) const;
  /// Whether `written` in a configuration ("crm", "crm/get") means the tool `called`.
  bool means(std::string_view written, std::string_view called) const;

  /// Checks a call and does nothing else. Errors, written for the model that made the call: not_found (with
  /// what there is), invalid (with every problem of the arguments).
  Result<Prepared> prepare(std::string_view name, Json arguments) const;
  /// The same for arguments as a provider's native call brings them: JSON text, "" for none.
  Result<Prepared> prepare_text(std::string_view name, std::string_view arguments) const;

  /// Carries out a prepared call and returns when the tool has ended, also when it was stopped: at the sooner
  /// of the tool's timeout, the agent's tool_time and the context's deadline, or on the context's stop.
  Task<CallOutcome> run(Prepared prepared, CallContext& context) const;

  /// Asks the tool what became of the call, under its key and within the limits of run(). A tool that fails
  /// or takes too long does not know.
  Task<CallFate> fate(Prepared prepared, CallContext& context) const;

  /// prepare() and run() in one, for callers that journal nothing between.
  Task<CallOutcome> call(std::string name, Json arguments, CallContext& context) const;

 private:
  struct Entry;
  Toolbox();
  const Entry* find(std::string_view name) const;
  Result<> add(const std::string& name, const std::shared_ptr<Tool>& tool,
               std::vector<models::ToolDeclaration>& declarations);
  Error unknown(std::string_view name) const;
  struct Span;
  Span span_of(const Prepared& prepared, const CallContext& context) const;
  CallOutcome seen(ToolOutput output) const;

  CallLimits limits_;
  std::vector<Entry> entries_;
  std::shared_ptr<const std::vector<models::ToolDeclaration>> declarations_;
};

}  // namespace troupe::tools
