#pragma once

#include "agents/react/parser/delta_writer.h"
#include "agents/react/parser/json_step.h"
#include "agents/react/step_parser.h"

#include <optional>
#include <string>

namespace troupe::agents {

/// The parser of one reply: text, in which a step is found by its braces.
class ReplyReader : public StepParser {
 public:
  explicit ReplyReader(StepParserOptions options) : options_(std::move(options)) {}

  bool feed(std::string_view bytes, std::vector<StepDelta>& deltas) override;
  ParsedStep finish(std::vector<StepDelta>& deltas) override;

 private:
  enum class State { prose, bracket, object, after_object, decided };

  void advance(bool at_end);
  bool step(bool at_end);
  void begin_object(std::size_t at);
  bool object(bool at_end);
  bool after_object();
  void decide(ParsedStep step);

  StepParserOptions options_;
  State state_ = State::prose;
  std::string all_;
  std::size_t position_ = 0;
  std::size_t bracket_ = 0;           // where a `[` opened what may be a list of calls
  std::size_t no_object_before_ = 0;  // braces before it were tried in vain
  std::optional<JsonStep> object_;
  std::string thought_;  // of an object that was no step by itself
  std::string reason_;   // why the last object was no step
  std::string prose_;
  DeltaWriter writer_;
  ParsedStep decided_;
};

}  // namespace troupe::agents
