#include "app/talk/peer.h"

namespace troupe::app {

Approval approval_of(const Json& json, const std::string& session) {
  const Json* input = find(json, "input");
  return {.session = string_or(json, "session", session),
          .run = string_or(json, "run"),
          .call = string_or(json, "call"),
          .tool = string_or(json, "tool"),
          .input = input ? *input : Json(),
          .question = string_or(json, "question"),
          .reason = string_or(json, "reason")};
}

}  // namespace troupe::app
