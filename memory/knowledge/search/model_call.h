#pragma once

#include "models/model.h"
#include "models/model_use.h"
#include "prompts/prompt.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// One call with an intent: a system message from a prompt, and data that is not to be obeyed as one JSON
/// object. The reply's text. `spent` is told what it used, whatever comes of it: where the stream was cut at
/// kSearchReplyBytes or broke off after the first word, and nobody said, an estimate. Errors: as
/// Model::complete, and those of the prompt.
Task<Result<std::string>> ask_model(models::Model& model, models::Intent intent,
                                    const prompts::Prompt& prompt, Json data, const models::UseSink& spent,
                                    CallContext& context);

/// A JSON object for the model, in which `<` and `[` before a letter or a sign are written with an escape
/// inside of texts: no text can pass for a control token of a chat template.
std::string data_text(const Json& value);

/// The JSON lists and objects that stand in a reply, outermost ones, between whatever else it says: fences,
/// remarks. What does not parse is passed over; after kReplyValues attempts the rest is. Pure.
std::vector<Json> json_values(std::string_view reply);

}  // namespace troupe::memory
