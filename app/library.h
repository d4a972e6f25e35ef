#pragma once

#include "app/configuration.h"
#include "app/machine.h"
#include "memory/knowledge/bases/configured_knowledge.h"
#include "memory/knowledge/ingest/ingest.h"
#include "memory/knowledge/ingest/preview.h"
#include "memory/knowledge/ingest/sandboxed_reader.h"
#include "models/embedders/catalog.h"
#include "models/model.h"
#include "prompts/prompt.h"
#include "runtime/async/loop.h"
#include "runtime/async/offload.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <map>
#include <memory>
#include <string>
#include <utility>

namespace troupe::app {

/// What indexes vectors outside of this process, by the name of the base.
using IndexTable = std::map<std::string, std::shared_ptr<memory::OutsideIndexes>, std::less<>>;

/// The knowledge of this process: the file that has it, what of it is in memory, and who reads documents for
/// it. One for all generations of the configuration. Loop thread only.
class Library {
 public:
  /// `loop`, `workers` and `machine` outlive it; nothing is opened or started before it is used.
  Library(Loop& loop, Workers& workers, Machine& machine, const std::string& store_path);
  /// close() must have returned.
  ~Library();

  memory::KnowledgeStore& store() { return *store_; }
  memory::BaseTable& table() { return table_; }

  /// What concerns all generations follows this one: how vectors are searched, and how
  /// much memory bases may take. Bases whose vectors a plugin indexes, and that are not in `indexes`, compare
  /// with every vector.
  void adopt(const Configuration& configuration, const IndexTable& indexes = {});
  /// The bases of a configuration, with the embedders, models and loaders of the same (null: none). Errors:
  /// as make_embedders().
  Result<std::shared_ptr<memory::ConfiguredKnowledge>> configure(
      const Configuration& configuration, const models::EmbedderTable& embedders,
      const models::EmbedderServices& making, std::shared_ptr<const models::ModelTable> models,
      std::shared_ptr<const prompts::PromptSet> prompts,
      std::shared_ptr<const memory::Loaders> loaders = nullptr);

  /// Takes documents into a base. `tenant`: "" for what everybody finds. Errors: those of memory::ingest(),
  /// unavailable (no reader can be confined here), busy (another process, or this one, is at this base).
  Task<Result<memory::IngestReport>> take_in(const memory::ConfiguredBase& base, std::string tenant,
                                             memory::IngestRequest request, net::HttpClient& http,
                                             EventSink& events, Stop& stop);

  /// What take_in() would do. Errors: those of memory::preview_ingest().
  Task<Result<memory::IngestPreview>> preview(const memory::ConfiguredBase& base, std::string tenant,
                                              memory::IngestRequest request, Stop& stop);

  /// Keeps indexes, and ends what is under way. Nobody may be searching or taking in.
  Task<> close();

 private:
  Result<memory::SandboxedReader*> reader(const memory::IngestLimits& limits);

  Loop& loop_;
  Workers& workers_;
  Machine& machine_;
  const std::string store_path_;
  std::unique_ptr<memory::KnowledgeStore> store_;
  Workers building_{1};  // graphs, and files of indexes
  memory::BaseTable table_;
  using Reading = std::pair<std::size_t, Milliseconds>;  // memory and time that it may take
  std::map<Reading, std::unique_ptr<memory::SandboxedReader>> readers_;
};

}  // namespace troupe::app
