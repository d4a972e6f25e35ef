#pragma once

#include "memory/conversation/session_document.h"

#include <string_view>

/// A conversation as the `messages` of OpenAI's chat completions API, the form that data sets and other
/// programs take. https://platform.openai.com/docs/api-reference/chat/create Pure.
namespace troupe::memory {

/// An array of {"role", "content", …}. A turn without an answer is a user message alone; pictures of which
/// there is an address are `image_url` parts.
Json to_openai_chat(const SessionDocument& document);

/// Roles system, developer, user, assistant (with `tool_calls`) and tool; `content` is a text, a list of
/// parts, or null beside `tool_calls`. Messages of one role in a row are one; an assistant that speaks first
/// makes a turn without input; a last user message without an answer is a cancelled turn. `at` is the JSON
/// pointer of `messages`. Errors: invalid (its pointer and what is wrong: an unknown role, a result of no
/// open call, a call without a result …), too_large.
Result<ImportedSession> from_openai_chat(const Json& messages, std::string_view at);

/// One message in that shape, and back. Errors: as from_openai_chat.
Json message_to_openai(const models::Message& message);
Result<models::Message> message_from_openai(const Json& json, std::string_view at);

}  // namespace troupe::memory
