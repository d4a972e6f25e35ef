#pragma once

#include "runtime/base/json.h"

#include <string>

namespace troupe::models::builtin {

/// Notes on a conversation in its own sentences: {"words", "notes"?, "turns": [{"user", "assistant"?}, …]},
/// as a conversation's memory asks for them. Sentences with names, numbers, decisions, wishes and questions
/// come first, then those about what the conversation returns to; greetings and repetitions are left out.
/// What a user said bears "User: ". In the order of the conversation, about `words` words. "" where nothing
/// was said that is worth keeping. Linear in the text but for the ranking of at most 2000 sentences.
std::string digest_of(const Json& conversation);

}  // namespace troupe::models::builtin
