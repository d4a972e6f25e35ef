#include "models/constrain.h"

#include "models/provider_facts.h"

#include <string_view>

namespace troupe::models {

bool constrains(const ModelSettings& settings) {
  if (settings.constrain == "off") return false;
  for (std::string_view able : {"openai", "gemini", "ollama", "huggingface"})
    if (settings.provider == able) return true;
  return !plugin_of(settings.provider).empty();
}

}  // namespace troupe::models
