#include "app/library.h"

#include "models/embedders/settings.h"
#include "models/price.h"
#include "runtime/base/sha256.h"
#include "runtime/store/directory.h"
#include "runtime/store/file_lock.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

constexpr const char* kFile = "/knowledge.db";
constexpr const char* kDefaultEmbedding = "default";
constexpr std::string_view kBuiltin = "builtin";

// What embeds where the configuration names nothing: it needs neither a key nor a network.
models::EmbedderSettings builtin_embedding() {
  return {.name = "builtin", .provider = "builtin"};
}

models::PriceList prices_of(const Configuration& configuration) {
  models::PriceList prices;
  for (const auto& [name, model] : configuration.models)
    if (model.price) prices.emplace(name, *model.price);
  return prices;
}

memory::IngestTarget target_of(const memory::ConfiguredBase& base, const std::string& tenant) {
  memory::IngestTarget target{.key = {tenant, base.settings.name},
                              .embedding = base.embedding,
                              .chunk = base.settings.chunk,
                              .encoding = std::nullopt,
                              .limits = base.settings.limits,
                              .principal = {.name = "", .tenant = tenant},
                              .loaders = base.loaders};
  if (base.settings.chunk.unit == "tokens") target.encoding = models::tokens::EncodingName::cl100k_base;
  return target;
}

}  // namespace

Library::Library(Loop& loop, Workers& workers, Machine& machine, const std::string& store_path)
    : loop_(loop),
      workers_(workers),
      machine_(machine),
      store_path_(store_path),
      store_(memory::make_sqlite_knowledge(loop, store_path + kFile)),
      table_({.store = *store_,
              .threads = {.loop = loop, .searching = workers, .building = building_},
              .folder = store_path}) {}
Library::~Library() = default;

void Library::adopt(const Configuration& configuration, const IndexTable& indexes) {
  table_.allow(configuration.knowledge_memory);
  for (const auto& [name, base] : configuration.knowledge) {
    memory::IndexSettings index = base.index;
    if (const auto outside = indexes.find(name); outside != indexes.end())
      index.outside = {.indexes = outside->second};
    table_.prefer(name, index);
  }
}

Result<std::shared_ptr<memory::ConfiguredKnowledge>> Library::configure(
    const Configuration& configuration, const models::EmbedderTable& embedders,
    const models::EmbedderServices& making, std::shared_ptr<const models::ModelTable> models,
    std::shared_ptr<const prompts::PromptSet> prompts, std::shared_ptr<const memory::Loaders> loaders) {
  std::map<std::string, memory::ConfiguredBase, std::less<>> bases;
  for (const auto& [name, settings] : configuration.knowledge) {
    memory::ConfiguredBase& base = bases[name];
    base.settings = settings;
    base.loaders = loaders;
    const std::string wanted = settings.embedding.empty() ? kDefaultEmbedding : settings.embedding;
    if (const auto embedder = embedders.find(wanted); embedder != embedders.end()) {
      base.embedder = embedder->second;
      const models::EmbedderSettings& embedding = configuration.embeddings.at(wanted);
      base.embedding = models::embedding_identity(embedding, base.embedder->version());
      if (embedding.provider == kBuiltin) base.similarity_weight = memory::kBuiltinSimilarityWeight;
      continue;
    }
    const models::EmbedderSettings builtin = builtin_embedding();
    auto made = models::make_embedders({builtin}, making);
    if (!made) return fail(std::move(made.error()));
    base.embedder = made->begin()->second;
    base.embedding = models::embedding_identity(builtin);
    base.similarity_weight = memory::kBuiltinSimilarityWeight;
  }
  return std::make_shared<memory::ConfiguredKnowledge>(
      std::move(bases), memory::ConfiguredKnowledge::Services{.table = table_,
                                                              .workers = workers_,
                                                              .models = std::move(models),
                                                              .prompts = std::move(prompts),
                                                              .prices = prices_of(configuration)});
}

Result<memory::SandboxedReader*> Library::reader(const memory::IngestLimits& limits) {
  auto& reader = readers_[{limits.memory, limits.read_time}];
  if (!reader) {
    const auto cpu = std::chrono::duration_cast<std::chrono::seconds>(limits.read_time);
    auto made = memory::SandboxedReader::make(loop_, workers_,
                                              {.support = machine_.support(),
                                               .memory = limits.memory,
                                               .cpu = std::max(cpu, std::chrono::seconds(1))});
    if (!made) return fail(std::move(made.error()));
    reader = std::move(*made);
  }
  return reader.get();
}

Task<Result<memory::IngestReport>> Library::take_in(const memory::ConfiguredBase& base, std::string tenant,
                                                    memory::IngestRequest request, net::HttpClient& http,
                                                    EventSink& events, Stop& stop) {
  if (auto ready = store::prepare_directory(store_path_); !ready) co_return fail(std::move(ready.error()));
  const std::string whose = sha256_hex(tenant + "\n" + base.settings.name).substr(0, 16);
  auto alone = store::FileLock::acquire(fmt::format("{}/knowledge-{}.lock", store_path_, whose));
  if (!alone) co_return within(fmt::format("knowledge base `{}`", base.settings.name), alone.error());
  auto reads = reader(base.settings.limits);
  if (!reads) co_return fail(std::move(reads.error()));
  const memory::IngestServices services{.loop = loop_,
                                        .workers = workers_,
                                        .store = *store_,
                                        .reader = **reads,
                                        .embedder = base.embedder,
                                        .http = &http,
                                        .events = events};
  auto report = co_await memory::ingest(services, target_of(base, tenant), std::move(request), stop);
  if (auto shrunk = co_await store_->shrink(stop); !shrunk)
    log::warn("what was removed could not be given back to the disk",
              {{"knowledge", base.settings.name}, {"error", shrunk.error().message}});
  co_return report;
}

Task<Result<memory::IngestPreview>> Library::preview(const memory::ConfiguredBase& base, std::string tenant,
                                                     memory::IngestRequest request, Stop& stop) {
  co_return co_await memory::preview_ingest({loop_, workers_, *store_}, target_of(base, tenant),
                                            std::move(request), stop);
}

Task<> Library::close() {
  co_await table_.save();
  co_await table_.close();
  for (auto& [reading, reader] : readers_)
    if (reader) co_await reader->close();
}

}  // namespace troupe::app
