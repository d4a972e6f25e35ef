#pragma once

#include "agents/react/observation.h"
#include "runtime/base/json.h"

#include <string>
#include <string_view>
#include <vector>

/// How text from outside gets into a conversation without passing for a part of it. Pure.
namespace troupe::agents {

/// A JSON object for the model. Strings end where JSON says; the control tokens of chat templates
/// (`<|im_start|>`, `[INST]`, `</tool_response>` …) are written with an escape, which loses nothing.
std::string untrusted_json(const Json& value);

/// {"call", "tool", "ok", "output" | "error", "truncated", "note"}.
Json observation_json(const Observation& observation);

/// Text for a format of lines. One line stands as it is; more become a block in which each begins with
/// "> ", so that none begins with a label. Every line break of Unicode is one. Control tokens of chat
/// templates get a blank.
std::string untrusted_lines(std::string_view text);

/// "LABEL: text", "LABEL (failed): text", or for several "LABEL 2 (tool): …", with the engine's notes.
std::string observation_lines(std::string_view label, const std::vector<Observation>& observations);

}  // namespace troupe::agents
