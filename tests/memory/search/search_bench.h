#pragma once

#include "memory/knowledge/search/mmr.h"
#include "memory/knowledge/search/retriever.h"
#include "tests/fakes/scripted_model.h"
#include "tests/memory/search/reading.h"
#include "tests/models/call.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::memory::testing {

/// The different words of a text, as the reading of tests has them.
inline std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(plain_reading().terms(text));
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// Vectors that count a few words. One number is never 0; the rest is padding, so that there is something to
/// compare.
class CountingEmbedder final : public models::Embedder {
 public:
  static constexpr const char* kWords[] = {"tower", "paris", "iron", "lift", "bridge", "river", "law"};
  static constexpr std::size_t kDimensions = 48;

  Task<Result<models::Vectors>> embed(std::vector<std::string> texts, CallContext&) override {
    calls.push_back(texts);
    if (error) co_return fail(*error);
    models::Vectors vectors{.dimensions = kDimensions, .usage = {.input_tokens = 3}};
    for (const std::string& text : texts)
      for (float value : vector(text)) vectors.values.push_back(value);
    co_return vectors;
  }
  static std::vector<float> vector(const std::string& text) {
    std::vector<float> out;
    const auto words = words_of(text);
    for (const char* word : kWords) out.push_back(static_cast<float>(std::ranges::count(words, word)));
    out.push_back(0.1f);
    out.resize(kDimensions);
    return out;
  }
  const std::string& name() const override { return name_; }
  std::size_t dimensions() const override { return kDimensions; }
  models::EmbedderLimits limits() const override { return {}; }

  std::vector<std::vector<std::string>> calls;
  std::optional<Error> error;

 private:
  std::string name_ = "counting";
};

/// A knowledge base in memory. Keyword scores are the number of the query's words a chunk has.
class MemoryChunks final : public ChunkSource {
 public:
  void add(std::int64_t document, std::string source, std::vector<std::string> texts,
           Json metadata = Json::object()) {
    std::size_t at = 0;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      StoredChunk chunk{.id = static_cast<std::int64_t>(chunks.size() + 1),
                        .document = document,
                        .ordinal = i,
                        .begin = at,
                        .end = at + texts[i].size(),
                        .source = source,
                        .title = source,
                        .text = texts[i],
                        .metadata = metadata};
      at = chunk.end + 1;
      chunks.push_back(std::move(chunk));
    }
  }

  Task<Result<std::vector<Candidate>>> nearest(std::vector<float> query, CandidateQuery wanted,
                                               CallContext&) override {
    asked.push_back(wanted);
    co_return best(wanted, [&](const StoredChunk& chunk) {
      return cosine(query, CountingEmbedder::vector(chunk.text));
    });
  }
  Task<Result<std::vector<Candidate>>> keyword(std::string query, CandidateQuery wanted,
                                               CallContext&) override {
    asked.push_back(wanted);
    const auto words = words_of(query);
    auto found = best(wanted, [&](const StoredChunk& chunk) {
      const auto own = words_of(chunk.text);
      return static_cast<double>(std::ranges::count_if(
          words, [&own](const std::string& word) { return std::ranges::find(own, word) != own.end(); }));
    });
    if (found) std::erase_if(*found, [](const Candidate& c) { return c.score == 0; });
    co_return found;
  }
  Task<Result<std::vector<StoredChunk>>> load(std::vector<std::int64_t> ids, CallContext&) override {
    std::vector<StoredChunk> out;
    for (const StoredChunk& chunk : chunks)
      if (std::ranges::find(ids, chunk.id) != ids.end() && chunk.id != gone) out.push_back(chunk);
    co_return out;
  }
  Task<Result<std::vector<StoredChunk>>> by_ordinal(std::int64_t document, std::size_t first,
                                                    std::size_t last, CallContext&) override {
    std::vector<StoredChunk> out;
    for (const StoredChunk& chunk : chunks)
      if (chunk.document == document && chunk.ordinal >= first && chunk.ordinal <= last) out.push_back(chunk);
    co_return out;
  }
  Task<Result<std::vector<StoredChunk>>> by_place(std::int64_t document, std::size_t begin, std::size_t end,
                                                  CallContext&) override {
    std::vector<StoredChunk> out;
    for (const StoredChunk& chunk : chunks)
      if (chunk.document == document && chunk.begin < end && chunk.end > begin) out.push_back(chunk);
    co_return out;
  }

  std::vector<StoredChunk> chunks;
  std::vector<CandidateQuery> asked;
  std::int64_t gone = 0;  ///< deleted between being found and loaded
  std::optional<Error> error;

 private:
  template <class Score>
  Result<std::vector<Candidate>> best(const CandidateQuery& wanted, Score score) {
    if (error) return fail(*error);
    std::vector<Candidate> out;
    for (const StoredChunk& chunk : chunks) {
      if (!wanted.filter.matches(filter_fields(chunk))) continue;
      if (!wanted.document.empty() && wanted.document != chunk.source) continue;
      out.push_back({chunk.id, score(chunk), {}});
      if (wanted.vectors) out.back().vector = CountingEmbedder::vector(chunk.text);
    }
    std::ranges::sort(out, {}, [](const Candidate& c) { return std::pair(-c.score, c.chunk); });
    if (out.size() > wanted.count) out.resize(wanted.count);
    return out;
  }
};

/// A retriever on a few chunks, with a model `main` and the prompts of the sources.
struct SearchBench {
  SearchBench() {
    auto set = prompts::PromptSet::load("");
    REQUIRE_MESSAGE(set.has_value(), set.error().message);
    prompts = std::move(*set);
    models["main"] = model;
    source.add(
        1, "tower.md",
        {"The tower of iron stands in Paris.", "A lift goes up the tower.", "Nobody counts the bolts."},
        {{"year", 1889}, {"lang", "en"}});
    source.add(2, "bridge.md", {"A bridge of iron spans the river.", "The river rises."}, {{"year", 1900}});
    source.add(3, "law.md", {"The law of the tower: no bridge."}, {{"year", 1950}});
  }

  Result<Retrieved> search(std::string query, SearchSettings settings) {
    uses.clear();
    Retriever retriever({source, embedder, models, prompts, plain_reading(), workers, similarity_weight,
                         [this](models::ModelUse use) { uses.push_back(std::move(use)); }});
    CallContext context = call();
    return fakes::run(caller.loop, retriever.retrieve(std::move(query), std::move(settings), context));
  }
  Retrieved found(std::string query, SearchSettings settings) {
    auto retrieved = search(std::move(query), std::move(settings));
    REQUIRE_MESSAGE(retrieved.has_value(), retrieved.error().message);
    return std::move(*retrieved);
  }
  std::vector<std::int64_t> ids(std::string query, SearchSettings settings) {
    std::vector<std::int64_t> out;
    for (const Hit& hit : found(std::move(query), std::move(settings)).hits) out.push_back(hit.chunk);
    return out;
  }
  CallContext call() {
    return {.loop = caller.loop, .stop = caller.stop, .deadline = {}, .events = caller.events};
  }
  /// The codes of the warnings so far.
  std::vector<std::string> warnings() const {
    std::vector<std::string> out;
    for (const Event& event : caller.events.events) out.push_back(event.fields["code"]);
    return out;
  }

  models::testing::Caller caller;
  Workers workers{1};
  double similarity_weight = kSimilarityWeight;
  MemoryChunks source;
  std::shared_ptr<CountingEmbedder> embedder = std::make_shared<CountingEmbedder>();
  std::shared_ptr<fakes::ScriptedModel> model = std::make_shared<fakes::ScriptedModel>();
  models::ModelTable models;
  std::vector<models::ModelUse> uses;  ///< what the last search was told to have spent
  prompts::PromptSet prompts = *prompts::PromptSet::load("");
};

}  // namespace troupe::memory::testing
