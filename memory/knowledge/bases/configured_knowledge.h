#pragma once

#include "memory/knowledge/bases/base_table.h"
#include "memory/knowledge/ingest/external_loader.h"
#include "memory/knowledge/knowledge.h"
#include "memory/knowledge/settings.h"
#include "models/embedder.h"
#include "models/model.h"
#include "models/price.h"
#include "prompts/prompt.h"
#include "runtime/async/offload.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace troupe::memory {

/// A base of the configuration with what it names looked up.
struct ConfiguredBase {
  KnowledgeSettings settings;
  std::shared_ptr<models::Embedder> embedder;
  std::string embedding;                         ///< what its vectors are made with, see BaseRow::embedding
  double similarity_weight = kSimilarityWeight;  ///< in hybrid, where its settings do not say
  std::shared_ptr<const Loaders> loaders{};      ///< for its documents; null: there are none
};

/// The bases of one generation of the configuration over what the process has of them in memory.
class ConfiguredKnowledge final : public Knowledge {
 public:
  /// All outlive it, or are shared.
  struct Services {
    BaseTable& table;
    Workers& workers;
    std::shared_ptr<const models::ModelTable> models;  ///< for rerank and compress
    std::shared_ptr<const prompts::PromptSet> prompts;
    models::PriceList prices{};
  };

  ConfiguredKnowledge(std::map<std::string, ConfiguredBase, std::less<>> bases, Services services);

  Task<Result<Retrieved>> search(std::string name, std::string query, SearchOverrides overrides,
                                 CallContext& context) override;
  Task<Result<std::vector<StoredChunk>>> read(std::string name, std::int64_t document, std::size_t first,
                                              std::size_t count, CallContext& context) override;
  std::string about(std::string_view name) const override;
  std::vector<std::string> names() const override;

  /// The base of this name. Errors: not_found (those there are).
  Result<const ConfiguredBase*> find(std::string_view name) const;
  const std::map<std::string, ConfiguredBase, std::less<>>& bases() const { return bases_; }

 private:
  struct Opened;
  Task<Result<Opened>> open(const ConfiguredBase& base, bool vectors, CallContext& context);

  std::map<std::string, ConfiguredBase, std::less<>> bases_;
  Services services_;
};

}  // namespace troupe::memory
