#include "memory/conversation/memory.h"

#include "memory/conversation/last_turns.h"
#include "memory/conversation/similar_turns.h"
#include "memory/conversation/summarized_turns.h"

#include <fmt/format.h>

namespace troupe::memory {

namespace {

std::unexpected<Error> lacks(const MemorySettings& settings, std::string_view what) {
  return fail(ErrorCode::unavailable, fmt::format("memory type `{}` needs {}", settings.type, what));
}

}  // namespace

Result<std::unique_ptr<Memory>> make_memory(const MemorySettings& settings, MemoryServices services) {
  if (const auto problems = check_memory(settings); !problems.empty())
    return fail(ErrorCode::invalid, "memory: " + problems.front().message);
  if (!services.tokens) services.tokens = estimated_tokens();
  if (settings.steps && !services.steps) return lacks(settings, "a source of tool steps for `steps: true`");
  if (!memory_of_plugin(settings.type).empty()) {
    if (!services.outside) return lacks(settings, "its plugin");
    return services.outside->make(settings, std::move(services));
  }
  if (summarises(settings)) {
    if (!services.model) return lacks(settings, "a model that summarises");
    if (!services.prompt) return lacks(settings, fmt::format("the prompt `{}`", kSummaryPrompt));
    return std::make_unique<SummarizedTurns>(settings, std::move(services));
  }
  if (settings.type == "vector") {
    if (!services.embedder || !services.vectors) return lacks(settings, "an embedder");
    return std::make_unique<SimilarTurns>(settings, std::move(services));
  }
  return std::make_unique<LastTurns>(settings, services);
}

}  // namespace troupe::memory
