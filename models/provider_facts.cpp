#include "models/provider_facts.h"

#include <algorithm>
#include <array>

namespace troupe::models {

namespace {

struct Facts {
  std::string_view provider;
  std::string_view url;
  Abilities abilities;
};

constexpr Abilities kAll{.stream = true, .tools = true, .images = true, .schema = true};

constexpr auto kFacts = std::to_array<Facts>({
    {"openai", "https://api.openai.com/v1", kAll},
    {"anthropic", "https://api.anthropic.com/v1", kAll},
    {"gemini", "https://generativelanguage.googleapis.com/v1beta", kAll},
    {"ollama", "http://127.0.0.1:11434", kAll},
    {"huggingface", "https://router.huggingface.co/v1", kAll},
    {"builtin", "", {.stream = true, .tools = true}},
    {"cassette", "", {}},
});

Facts facts_of(std::string_view provider) {
  auto known = std::ranges::find(kFacts, provider, &Facts::provider);
  return known == kFacts.end() ? Facts{} : *known;
}

}  // namespace

Abilities abilities_of(std::string_view provider) {
  return facts_of(provider).abilities;
}

std::string_view public_url(std::string_view provider) {
  return facts_of(provider).url;
}

std::string_view base_of(std::string_view provider, const std::string& base_url) {
  return base_url.empty() ? public_url(provider) : std::string_view(base_url);
}

}  // namespace troupe::models
