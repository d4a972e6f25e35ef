#include "agents/memory_parts.h"

#include "memory/conversation/recall_plan.h"
#include "memory/conversation/summarize.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Result<> add_summariser(MemoryParts& parts, const AgentSettings& agent,
                        const std::vector<models::ModelSettings>& model_settings,
                        const models::ModelTable& models, const prompts::PromptSet& prompts) {
  parts.entry = agent.memory.model.empty() ? agent.model : agent.memory.model;
  const auto model = models.find(parts.entry);
  if (model == models.end())
    return fail(ErrorCode::not_found, fmt::format("memory.model: there is no model `{}`", parts.entry));
  parts.model = model->second;
  parts.chain = {parts.entry};
  const auto settings = std::ranges::find(model_settings, parts.entry, &models::ModelSettings::name);
  if (settings != model_settings.end()) {
    parts.tokens = std::make_shared<models::TokenCounter>(*settings);
    parts.chain.insert(parts.chain.end(), settings->fallback.begin(), settings->fallback.end());
  }
  const prompts::Prompt* prompt = prompts.find(memory::kSummaryPrompt);
  if (!prompt)
    return fail(ErrorCode::not_found, fmt::format("memory: there is no prompt `{}`", memory::kSummaryPrompt));
  parts.prompt = std::make_shared<const prompts::Prompt>(*prompt);
  return {};
}

Result<> add_embedder(MemoryParts& parts, const MemorySettings& settings, const MemorySources& sources) {
  const std::string name = embedding_of(settings);
  if (sources.embedders)
    if (const auto found = sources.embedders->find(name); found != sources.embedders->end())
      parts.embedder = found->second;
  if (!parts.embedder)
    return fail(ErrorCode::not_found,
                fmt::format("memory type `vector` needs an embedder, and there is no `{0}` in `embeddings`; "
                            "write `embeddings: {{ {0}: {{ provider: builtin }} }}`, or name another with "
                            "`embedding`",
                            name));
  if (!sources.vectors)
    return fail(ErrorCode::unavailable, "memory type `vector` needs a place for the turns' vectors");
  parts.vectors = sources.vectors;
  return {};
}

Result<> add_blocks(MemoryParts& parts, const MemorySettings& settings, const MemorySources& sources) {
  for (const memory::BlockSettings& one : settings.blocks) {
    auto block = memory::make_block(one);
    if (!block) return within("memory", block.error());
    parts.blocks.push_back(std::move(*block));
  }
  if (!sources.blocks)
    return fail(ErrorCode::unavailable, "memory type `facts` needs a place for its blocks");
  parts.block_journal = sources.blocks;
  return {};
}

Result<> add_outside(MemoryParts& parts, const MemorySettings& settings, const MemorySources& sources) {
  if (!sources.outside)
    return fail(ErrorCode::unavailable, fmt::format("memory type `{}` needs plugins", settings.type));
  auto found = sources.outside(settings);
  if (!found) return within("memory", std::move(found.error()));
  parts.outside = std::move(*found);
  return {};
}

}  // namespace

std::string embedding_of(const MemorySettings& settings) {
  return settings.embedding.empty() ? "default" : settings.embedding;
}

Result<MemoryParts> memory_parts(const AgentSettings& agent,
                                 const std::vector<models::ModelSettings>& model_settings,
                                 const models::ModelTable& models, const prompts::PromptSet& prompts,
                                 const MemorySources& sources) {
  MemoryParts parts;
  if (memory::summarises(agent.memory))
    if (auto added = add_summariser(parts, agent, model_settings, models, prompts); !added)
      return std::unexpected(added.error());
  if (agent.memory.type == "vector")
    if (auto added = add_embedder(parts, agent.memory, sources); !added)
      return std::unexpected(added.error());
  if (agent.memory.type == "facts")
    if (auto added = add_blocks(parts, agent.memory, sources); !added) return std::unexpected(added.error());
  if (!memory::memory_of_plugin(agent.memory.type).empty())
    if (auto added = add_outside(parts, agent.memory, sources); !added) return std::unexpected(added.error());
  return parts;
}

}  // namespace troupe::agents
