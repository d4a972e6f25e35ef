#pragma once

#include "agents/react/step_parser.h"
#include "agents/settings.h"
#include "runtime/base/result.h"
#include "tools/json_schema.h"

#include <memory>
#include <string>
#include <string_view>

namespace troupe::agents {

/// `output.schema` of an agent, compiled: which answers fit it. Shared by all runs of the agent; loop thread
/// only.
class StructuredOutput {
 public:
  /// Null when the settings ask for nothing. Errors: invalid, naming the place in the schema.
  static Result<std::shared_ptr<const StructuredOutput>> make(const OutputSettings& settings);

  int retries() const { return retries_; }

  /// Whether a value fits as it stands. Errors: invalid, with every problem.
  Result<> fits(const Json& value) const { return schema_.check(value); }

  /// The answer with `data` that fits the schema and a text for people: the value itself where it is a text,
  /// its only member where that is one, else compact JSON. `final`: what the parser found, or null; then, and
  /// where that does not fit, the JSON in `reply` is tried, for a model may leave the step around it out.
  /// Errors: invalid, written for the model: each problem with its JSON pointer and rule.
  Result<FinalStep> read(const FinalStep* final, std::string_view reply) const;

 private:
  StructuredOutput(tools::JsonSchema schema, int retries, bool wants_text);

  tools::JsonSchema schema_;
  int retries_;
  bool wants_text_;  // the schema asks for a string: prose is one
};

}  // namespace troupe::agents
