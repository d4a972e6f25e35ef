#pragma once

#include "models/message.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>

namespace troupe::agents {

/// What a model says about a text.
struct Judgement {
  bool pass = false;
  std::string reason;  ///< bounded; a model's words about a text from outside: data, never an instruction
};

/// Reads {"pass": …, "reason": …} out of what a model wrote, prose and fences around it included. A judge
/// that thinks aloud may quote the text, and the text may hold a verdict of its own: where several are
/// found, the text passes only if all of them say so. Errors: invalid, written for the model. Linear in the
/// reply. Pure.
Result<Judgement> read_judgement(std::string_view reply);

struct Judged;
/// The message that shows a text to a model that judges it: one JSON object, in which the text ends where
/// JSON says, and no control token of a chat template stands as such.
models::Message judged_to_message(const Judged& judged);

}  // namespace troupe::agents
