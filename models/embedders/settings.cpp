#include "models/embedders/settings.h"

#include "models/embedders/hashed_text.h"

namespace troupe::models {

std::string embedding_identity(const EmbedderSettings& settings, std::string_view version) {
  Json identity = {{"provider", settings.provider}};
  if (settings.provider == "builtin") identity["version"] = HashedText::kVersion;
  if (!version.empty()) identity["version"] = version;
  if (!settings.model.empty()) identity["model"] = settings.model;
  if (!settings.base_url.empty()) identity["base_url"] = settings.base_url;
  if (settings.dimensions > 0) identity["dimensions"] = settings.dimensions;
  if (settings.truncate) identity["truncate"] = true;
  if (!settings.task.empty()) identity["task"] = settings.task;
  if (!settings.options.is_null()) identity["options"] = settings.options;
  if (!settings.extra_body.is_null()) identity["extra_body"] = settings.extra_body;
  return dump(identity);
}

}  // namespace troupe::models
