#include "models/provider_facts.h"

#include "models/endpoint.h"

#include <algorithm>
#include <array>

namespace troupe::models {

namespace {

struct Facts {
  std::string_view provider;
  Abilities abilities;
};

constexpr Abilities kAll{.stream = true, .tools = true, .images = true, .schema = true};

constexpr auto kFacts = std::to_array<Facts>({
    {"openai", kAll},
    {"anthropic", {.stream = true, .tools = true, .images = true}},
    {"gemini", kAll},
    {"ollama", kAll},
    {"huggingface", kAll},
    {"builtin", {.stream = true, .tools = true}},
    {"cassette", {}},
});

}  // namespace

Abilities abilities_of(std::string_view provider) {
  if (!plugin_of(provider).empty()) return kAll;
  auto known = std::ranges::find(kFacts, provider, &Facts::provider);
  return known == kFacts.end() ? Abilities{} : known->abilities;
}

std::string_view base_of(std::string_view provider, const std::string& base_url) {
  return base_url.empty() ? public_url(provider) : std::string_view(base_url);
}

}  // namespace troupe::models
