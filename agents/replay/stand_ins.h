#pragma once

#include "agents/replay/cues.h"
#include "memory/conversation/memory.h"
#include "memory/knowledge/knowledge.h"
#include "models/embedder.h"
#include "models/model.h"
#include "runtime/base/result.h"
#include "runtime/base/secret.h"
#include "tools/tool.h"

#include <functional>
#include <map>
#include <memory>
#include <string>

/// What a replay has in the place of everything outside of the engine: it gives back what was recorded, and
/// reaches nothing.
namespace troupe::agents {

/// Texts that were kept once, by content: outputs that were too long for an observation. Blocking.
using KeptTexts = std::function<Result<std::string>(const std::string& hash)>;

/// What the stand-ins of one replay share. All outlive them.
struct Backstage {
  Cues& cues;
  KeptTexts texts;
  Secrets secrets;  ///< of the configuration: the record has them masked
};

/// An entry of `models:`. `name`: as usage events have it.
std::shared_ptr<models::Model> replayed_model(std::shared_ptr<const Backstage> backstage, std::string entry,
                                              std::string name);
/// An entry of `tools:`. `tool`: for what it says of itself; it is never called.
std::shared_ptr<tools::Tool> replayed_tool(std::shared_ptr<const Backstage> backstage, std::string name,
                                           std::shared_ptr<tools::Tool> tool);
/// `bases`: what `knowledge:` has, name → description.
std::shared_ptr<memory::Knowledge> replayed_knowledge(std::shared_ptr<const Backstage> backstage,
                                                      std::map<std::string, std::string, std::less<>> bases);
/// An entry of `embeddings:`, of which a replay needs nothing: what was recalled by vectors is on record.
std::shared_ptr<models::Embedder> silent_embedder(std::string name);
/// A memory of a plugin: what it chose is on record, and where nothing is, there was nothing to choose from.
std::shared_ptr<const memory::OutsideMemory> silent_memory();

}  // namespace troupe::agents
