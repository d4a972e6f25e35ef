#pragma once

#include "memory/knowledge/search/model_call.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// A question that is understood without the conversation before it.
struct Standalone {
  std::string question;
  std::string remark;  ///< why it is the one that was asked; "": nothing to tell
};

/// Has a model rewrite a follow-up question ("and who designed it?") by the conversation before it, so that a
/// search finds what it is about (prompt `rewrite`). `history`: its messages of users and assistants, oldest
/// first; the last kHistoryTurns are shown. Without any, nothing is asked. A model that fails or answers
/// something else leaves the question as it is, with a remark and a warning event `rewrite_failed`. Errors:
/// only cancelled or timeout, when the context's stop was requested.
Task<Result<Standalone>> standalone_question(models::Model& model, const prompts::Prompt& prompt,
                                             std::vector<models::Message> history, std::string question,
                                             const models::UseSink& spent, CallContext& context);

/// {"history": [{"role": "user", "text": "…"}, …], "question": "…"}. Pure.
Json rewrite_data(const std::vector<models::Message>& history, std::string_view question);

/// The question in a reply: `question` of a JSON object, or the only line there is, without quotes around it.
/// Errors: protocol (empty, several lines without JSON, longer than kStandaloneBytes). Pure.
Result<std::string> read_standalone(std::string_view reply);

}  // namespace troupe::memory
