#pragma once

#include "runtime/base/json.h"

#include <string>

namespace troupe::models::builtin {

/// An answer in the words of passages: {"question", "passages": [{"index", "title"?, "text"}, …], "notes"?:
/// [text, …], "answer"?: text}, as chains ask for one. The sentences of the passage that answer best, with
/// its index in brackets, or the note or earlier answer that does better; where none is about the question, a
/// sentence that says so, in the language of the question. Linear in the texts.
std::string grounded_answer(const Json& asked);

}  // namespace troupe::models::builtin
