#include "models/entries_check.h"

#include "models/provider_facts.h"
#include "models/section.h"

#include <set>
#include <string>

#include <fmt/format.h>

namespace troupe::models {

namespace {

// What is wrong with an entry that has no key, or "".
std::string missing_key(const ModelSettings& model) {
  if (!model.api_key.empty() || model.extra_headers.contains("Authorization")) return "";
  if (model.provider == "openai" && is_public_openai(model))
    return "`api_key` is missing: OpenAI's servers want one; write `api_key: \"${OPENAI_API_KEY}\"`, or set "
           "`base_url` to the server you mean";
  if (!model.base_url.empty()) return "";
  if (model.provider == "anthropic") return "`api_key` is missing; write `api_key: \"${ANTHROPIC_API_KEY}\"`";
  if (model.provider == "gemini") return "`api_key` is missing; write `api_key: \"${GEMINI_API_KEY}\"`";
  if (model.provider == "huggingface")
    return "`api_key` is missing: the router wants one; write `api_key: \"${HF_TOKEN}\"`";
  return "";
}

// What is wrong with what a cassette plays, or "".
std::string unplayable(const ModelSettings& cassette, const ModelSettings& played) {
  if (cassette.name == played.name) return "a cassette cannot play itself";
  if (played.provider == "cassette")
    return fmt::format("`{}` is a cassette itself; name the model that it plays", played.name);
  if (played.provider == "builtin" || !plugin_of(played.provider).empty())
    return fmt::format("`{}` is not reached over HTTP, so there is nothing to record", played.name);
  return "";
}

}  // namespace

void check_entries(const config::Entries<ModelSettings>& models, config::Check& check) {
  std::set<std::string> only_played;
  for (const auto& [name, model] : models) {
    if (model.provider != "cassette") continue;
    if (model.mode == "replay") only_played.insert(model.tapes);
    auto played = models.find(model.tapes);
    if (played == models.end()) continue;
    if (std::string why = unplayable(model, played->second); !why.empty())
      check.entry("models", name, "model").error("model", why);
  }
  for (const auto& [name, model] : models)
    if (std::string why = missing_key(model); !why.empty() && !only_played.contains(name))
      check.entry("models", name, "model").error("", why);
}

}  // namespace troupe::models
