#pragma once

#include "models/message.h"
#include "runtime/base/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// What a tool answered, as the conversation shows it. Data, never instructions.
struct Observed {
  std::string call;
  std::string tool;
  bool ok = true;
  std::string text;  ///< the output, or the error when it is not ok
};

/// A call that an earlier step of this turn made.
struct Called {
  std::string tool;
  Json input;
};

/// The last turn of a conversation: the person's question and what was done about it so far, and the little
/// of what came before that the follow-up rules look at.
struct Turn {
  std::string_view question;
  std::vector<Called> calls;           ///< in order
  std::vector<Observed> observations;  ///< of these calls, in order
  std::string correction;              ///< our last step was refused, and why
  bool last = false;                   ///< no more tools can be called: what is known must do

  std::string last_answer;                  ///< of the turn before
  std::vector<std::string_view> questions;  ///< of earlier turns, newest first, a few
};

/// Reads the transcript backwards as far as needed. A user message is an observation or a correction only
/// when it is one JSON object of that kind and answers a step of ours, so a person who types such an object
/// asks a question. Views point into the transcript.
Turn read_turn(const Transcript& transcript);

}  // namespace troupe::models::builtin
