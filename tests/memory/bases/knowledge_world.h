#pragma once

#include "memory/knowledge/bases/configured_knowledge.h"
#include "memory/knowledge/keyword/keyword.h"
#include "models/embedders/hashed_text.h"
#include "tests/fakes/run_loop.h"
#include "tests/memory/store/knowledge_rows.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::memory::testing {

/// The built-in vectors without what an embedder of the configuration needs around them.
class HashingEmbedder final : public models::Embedder {
 public:
  Task<Result<models::Vectors>> embed(std::vector<std::string> texts, CallContext&) override {
    models::Vectors vectors{.dimensions = models::HashedText::kDimensions,
                            .usage = {.input_tokens = static_cast<std::int64_t>(texts.size())}};
    for (const std::string& text : texts)
      for (float value : vector(text)) vectors.values.push_back(value);
    co_return vectors;
  }
  static std::vector<float> vector(const std::string& text) {
    std::vector<float> values(models::HashedText::kDimensions);
    models::HashedText::embed(text, values);
    return values;
  }
  const std::string& name() const override { return name_; }
  std::size_t dimensions() const override { return models::HashedText::kDimensions; }
  models::EmbedderLimits limits() const override { return {}; }

 private:
  std::string name_ = "hashing";
};

/// Events that nobody looks at.
class NoEvents final : public EventSink {
 public:
  void publish(Event) override {}
};

/// What a process has of a knowledge file: the store, the images, one configured base "k" of the embedding
/// "hashing". A second one over the same file is another process.
struct KnowledgeWorld {
  explicit KnowledgeWorld(const std::string& folder_of_file)
      : folder(folder_of_file), store(make_sqlite_knowledge(loop, folder + "/knowledge.db")) {
    settings.name = "k";
    settings.search.k = 5;
    settings.search.lambda = 1;
  }
  ~KnowledgeWorld() { fakes::run(loop, table.close()); }

  /// Puts a document of one chunk a line.
  Change put(const std::string& source, const std::string& text, Json metadata = Json::object(),
             BaseKey key = {"", "k"}, const std::string& embedding = "hashing") {
    const BaseRow base = take(fakes::run(loop, store->claim_base(std::move(key), embedding)));
    NewDocument fresh;
    fresh.source = source;
    fresh.version = {.content = text, .preparation = "p", .stamp = ""};
    fresh.document.format = "text";
    fresh.document.title = "About " + source;
    fresh.document.text = text;
    fresh.document.metadata = std::move(metadata);
    fresh.dimensions = models::HashedText::kDimensions;
    fresh.at_ms = ++clock_ms;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::string line = text.substr(begin, end - begin);
      const auto number = static_cast<int>(fresh.chunks.size()) + 1;
      fresh.chunks.push_back(
          {.place = {.begin = begin, .end = end, .page = number, .heading = line.substr(0, 3)},
           .terms = keyword_terms(line)});
      for (float value : HashingEmbedder::vector(line)) fresh.vectors.push_back(value);
      begin = end + 1;
    }
    return take(fakes::run(loop, store->put_document(base, std::move(fresh))));
  }

  ConfiguredKnowledge knowledge(models::PriceList prices = {}) {
    std::map<std::string, ConfiguredBase, std::less<>> bases;
    bases["k"] = {settings, std::make_shared<HashingEmbedder>(), "hashing"};
    return {std::move(bases),
            {.table = table,
             .workers = workers,
             .models = std::make_shared<const models::ModelTable>(),
             .prompts = std::make_shared<const prompts::PromptSet>(take(prompts::PromptSet::load(""))),
             .prices = std::move(prices)}};
  }

  Result<Retrieved> search(const std::string& query, SearchOverrides overrides = {},
                           const std::string& tenant = "default", const std::string& base = "k") {
    table.prefer("k", settings.index);
    auto all = knowledge();
    CallContext context{.loop = loop,
                        .stop = stop,
                        .deadline = {},
                        .events = events,
                        .principal = {.name = "", .tenant = tenant}};
    return fakes::run(loop, all.search(base, query, std::move(overrides), context));
  }
  /// The texts of what is found.
  std::vector<std::string> found(const std::string& query, SearchOverrides overrides = {},
                                 const std::string& tenant = "default") {
    std::vector<std::string> texts;
    for (const Hit& hit : take(search(query, std::move(overrides), tenant)).hits) texts.push_back(hit.text);
    return texts;
  }

  std::string folder;
  SystemClock clock;
  Loop loop{clock};
  Stop stop;
  NoEvents events;
  Workers workers{2};
  Workers building{1};
  std::unique_ptr<KnowledgeStore> store;
  BaseTable table{{.store = *store,
                   .threads = {.loop = loop, .searching = workers, .building = building},
                   .folder = folder}};
  KnowledgeSettings settings;
  std::int64_t clock_ms = 1'800'000'000'000;
};

inline SearchOverrides by(SearchMode mode) {
  SearchOverrides overrides;
  overrides.mode = mode;
  return overrides;
}

}  // namespace troupe::memory::testing
