#pragma once

#include "runtime/base/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace troupe::fakes {

/// One reply of a model in a recorded conversation, and what it is known to mean.
struct RecordedStep {
  std::string id;
  std::string completion;  ///< what the model wrote
  Json expected;           ///< {type: action, tool, input}, {type: final, answer} or {type: malformed}
  std::optional<std::string> thought;  ///< absent where the source leaves open what it is
  std::string observation;             ///< what the tool of the recording brought; "" = not known
  /// The body that carried the completion, where that was recorded, and how: "sse" or "json".
  std::string body;
  std::string form;
  /// Of a recorded body; elsewhere RecordedModel counts.
  std::optional<std::int64_t> input_tokens;
  std::optional<std::int64_t> output_tokens;
};

/// One message of the user and all that the model wrote to answer it.
struct RecordedTurn {
  std::string question;
  std::vector<RecordedStep> steps;
};

struct RecordedConversation {
  std::string id;
  std::string kit;  ///< which tools it is held with: "wiki" or "web"
  std::string model;
  std::vector<RecordedTurn> turns;
};

/// tests/fixtures/conversations/episodes.jsonl, read once. No question occurs twice.
const std::vector<RecordedConversation>& recorded_conversations();
/// Throws when there is none.
const RecordedConversation& recorded_conversation(const std::string& id);

}  // namespace troupe::fakes
