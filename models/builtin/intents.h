#pragma once

#include "models/message.h"
#include "runtime/base/result.h"

#include <string>

namespace troupe::models::builtin {

/// What `builtin` answers to a call that is no step, as plain text:
///   summarize  the most telling sentences of the conversation's last user message, at most five; where that
///              is a conversation as data, with `turns`, notes on it (digest_of); where it is a `question`
///              with `passages`, what they say to it (grounded_answer)
///   select     the candidate whose words the message has most of; candidates are the lines "- NAME:
///   description" of
///              the last user or system message, and a tie goes to the first
/// judge, rewrite and rerank take judgement and are refused: ErrorCode::unavailable, saying what to
/// configure.
Result<std::string> serve_intent(const ModelRequest& request);

}  // namespace troupe::models::builtin
