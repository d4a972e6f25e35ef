#include "models/constrain.h"

#include <string_view>

namespace troupe::models {

bool constrains(const ModelSettings& settings) {
  if (settings.constrain == "off") return false;
  for (std::string_view able : {"openai", "gemini", "ollama", "huggingface"})
    if (settings.provider == able) return true;
  return false;
}

}  // namespace troupe::models
