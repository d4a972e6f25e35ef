#pragma once

#include <span>
#include <string_view>

namespace troupe::prompts {

/// A prompt file as it was when the binary was built: its name ("react") and whole text, front matter
/// included.
struct EmbeddedPrompt {
  std::string_view name;
  std::string_view text;
};

std::span<const EmbeddedPrompt> embedded_prompts();

}  // namespace troupe::prompts
