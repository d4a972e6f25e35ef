#pragma once

#include "app/import/draft.h"
#include "app/import/project.h"

#include <string>

namespace troupe::app {

/// What another framework's model, `llm: openai/gpt-4o` or a map with `model` and settings, is here: the name
/// of an entry that is made for it. `written`: nullptr, nobody named one. `further`: keys of the entry that
/// are said elsewhere. A key of the service is never copied.
std::string import_model(const config::Node* written, Json further, const std::string& place,
                         const std::string& path, const Project& project, ImportNotes& notes, Draft& draft);

/// Carries `temperature`, `top_p`, `seed`, `max_tokens` or `base_url` over into the keys of an entry; false
/// when it is none of them, or out of range.
bool import_model_setting(const config::Member& member, Json& further);

}  // namespace troupe::app
