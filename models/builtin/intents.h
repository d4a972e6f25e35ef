#pragma once

#include "models/message.h"
#include "runtime/base/result.h"

#include <string>

namespace troupe::models::builtin {

/// What `builtin` answers to a call that is no step, as plain text:
///   summarize  the most telling sentences of the conversation's last user message, at most five; where that
///              is a conversation as data, with `turns`, notes on it (digest_of); where it is a `question`
///              with `passages`, what they say to it (grounded_answer)
///   select     who speaks next, in the form that a team asks for it (next_speaker); else the candidate whose
///              words the message has most of: candidates are the lines "- NAME: description" of the last
///              user or system message, and a tie goes to the first
///   judge      whether work is what was expected, or the end of a debate, where a team asks for that in its
///              form (verdict_text, decision_text)
/// Every other judgement, rewrite and rerank take a language model and are refused: ErrorCode::unavailable,
/// saying what to configure.
Result<std::string> serve_intent(const ModelRequest& request);

}  // namespace troupe::models::builtin
