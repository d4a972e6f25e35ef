#pragma once

#include "agents/block_journal.h"
#include "agents/settings.h"
#include "memory/conversation/block.h"
#include "memory/conversation/memory.h"
#include "memory/conversation/turn_vectors.h"
#include "models/embedder.h"
#include "models/model.h"
#include "models/settings.h"
#include "models/token_counter.h"
#include "prompts/prompt.h"
#include "runtime/base/result.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace troupe::agents {

/// Finds the memory of a plugin that settings name. Errors: not_found, invalid (it does not take its
/// options).
using OutsideMemoryMaker =
    std::function<Result<std::shared_ptr<const memory::OutsideMemory>>(const MemorySettings&)>;

/// What the memories of all agents are made from.
struct MemorySources {
  const models::EmbedderTable* embedders = nullptr;  ///< of the configuration; read while agents are made
  std::shared_ptr<memory::TurnVectors> vectors;      ///< of the process
  std::shared_ptr<BlockJournal> blocks;              ///< the same
  OutsideMemoryMaker outside;                        ///< of the configuration's plugins; read as embedders
};

/// What one agent's memory works with beside the journal, looked up. Null is what its type does not need.
struct MemoryParts {
  std::shared_ptr<models::Model> model;          ///< who summarises
  std::string entry;                             ///< it in `models:`
  std::vector<std::string> chain;                ///< it and its fallbacks
  std::shared_ptr<models::TokenCounter> tokens;  ///< of what it is asked
  std::shared_ptr<const prompts::Prompt> prompt;
  std::shared_ptr<models::Embedder> embedder;
  std::shared_ptr<memory::TurnVectors> vectors;
  std::vector<memory::Block> blocks;  ///< as configured
  std::shared_ptr<BlockJournal> block_journal;
  std::shared_ptr<const memory::OutsideMemory> outside;  ///< a plugin's

  /// Whether it may have something to do once an answer is out.
  bool settles() const { return model || embedder || outside; }
};

/// Errors: not_found (a model, embedder, prompt or plugin that is not there, and what to write), invalid (a
/// plugin does not take its options), unavailable (the process has no place for vectors or blocks).
Result<MemoryParts> memory_parts(const AgentSettings& agent,
                                 const std::vector<models::ModelSettings>& model_settings,
                                 const models::ModelTable& models, const prompts::PromptSet& prompts,
                                 const MemorySources& sources);

/// The embedder of a memory by its name in `embeddings:`.
std::string embedding_of(const MemorySettings& settings);

}  // namespace troupe::agents
