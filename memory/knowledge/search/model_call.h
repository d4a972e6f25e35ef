#pragma once

#include "models/model.h"
#include "prompts/prompt.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// What a search spent on a model or an embedder, for usage events.
struct ModelUse {
  std::string model;  ///< the entry of `models:` or `embeddings:` that answered
  models::Usage usage;
  double cost = 0;  ///< filled in by who knows prices
  std::int64_t ms = 0;
  bool cache_hit = false;
  bool embedding = false;  ///< of an embedder
};

/// One call with an intent: a system message from a prompt, and data that is not to be obeyed as one JSON
/// object. The reply's text; `uses` gets what it cost, also when it was cut at kSearchReplyBytes. Errors: as
/// Model::complete, and those of the prompt.
Task<Result<std::string>> ask_model(models::Model& model, models::Intent intent,
                                    const prompts::Prompt& prompt, Json data, std::vector<ModelUse>& uses,
                                    CallContext& context);

/// A JSON object for the model, in which `<` and `[` before a letter or a sign are written with an escape
/// inside of texts: no text can pass for a control token of a chat template.
std::string data_text(const Json& value);

/// The JSON lists and objects that stand in a reply, outermost ones, between whatever else it says: fences,
/// remarks. What does not parse is passed over; after kReplyValues attempts the rest is. Pure.
std::vector<Json> json_values(std::string_view reply);

}  // namespace troupe::memory
