#pragma once

#include "memory/conversation/ruler.h"
#include "models/model.h"
#include "prompts/prompt.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::memory {

/// The prompt file that a summary is asked for with.
inline constexpr std::string_view kSummaryPrompt = "summary";

struct Summarized {
  std::string text;
  bool cut = false;  ///< the model wrote more than it was given room for
};

/// New notes from the notes before and the turns since, each a turn's messages. `limit`: how large the text
/// may be, by `ruler`; what the model writes beyond is cut off after a sentence, and its stream is closed
/// soon. The turns go out as data, in JSON. Errors: as Model::complete; model (it wrote nothing, or its
/// provider's filter ended it). `prompt`, `model` and `context` outlive the call.
Task<Result<Summarized>> summarize(std::string previous, std::vector<std::vector<models::Message>> turns,
                                   std::int64_t limit, Ruler ruler, const prompts::Prompt& prompt,
                                   models::Model& model, CallContext& context);

}  // namespace troupe::memory
