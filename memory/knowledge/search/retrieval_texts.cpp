#include "memory/knowledge/search/expansion.h"
#include "memory/knowledge/search/extract.h"
#include "memory/knowledge/search/limits.h"
#include "memory/knowledge/search/mmr.h"
#include "memory/knowledge/search/retrieval.h"
#include "memory/knowledge/search/sentence_choice.h"
#include "models/warning.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string_view>
#include <utility>

#include <fmt/format.h>

// What a search makes of the texts of its hits: expansion and compression.
namespace troupe::memory {

namespace {

/// Text that is taken apart in about 5 ms.
constexpr std::size_t kBytesOnLoop = 64u << 10;
/// Of a character in UTF-8, at most.
constexpr std::size_t kCharacterBytes = 4;

std::size_t bytes_of(const std::vector<Hit>& hits) {
  std::size_t bytes = 0;
  for (const Hit& hit : hits) bytes += hit.text.size();
  return bytes;
}

std::vector<std::string_view> texts_of(const std::vector<Hit>& hits) {
  std::vector<std::string_view> texts;
  for (const Hit& hit : hits) texts.emplace_back(hit.text);
  return texts;
}

}  // namespace

Task<Result<>> Retrieval::expand(std::vector<Hit>& hits) {
  const SearchSettings::Expand& how = settings_.expand;
  if (!how.any()) co_return Result<>();
  std::vector<ChunkRange> ranges;
  for (std::size_t i = 0; i < hits.size(); ++i) {
    const Hit& hit = hits[i];
    if (!how.parent) {
      ranges.push_back(neighbours(hit, i, how.neighbours));
      continue;
    }
    const std::size_t reach = how.characters * kCharacterBytes;
    auto chunks = co_await services_.source.by_place(hit.document, hit.begin - std::min(reach, hit.begin),
                                                     hit.end + reach, context_);
    if (!chunks) co_return fail(std::move(chunks.error()));
    ranges.push_back(parent(hit, i, *chunks, how.characters));
  }
  std::vector<Hit> out;
  for (const ChunkRange& range : joined(std::move(ranges))) {
    auto chunks = co_await services_.source.by_ordinal(range.document, range.first, range.last, context_);
    if (!chunks) co_return fail(std::move(chunks.error()));
    out.push_back(expanded(hits, range, *chunks));
  }
  hits = std::move(out);
  co_return Result<>();
}

/// Hits and their sentences, which are views of the hits' texts.
struct Retrieval::Compressing {
  Compressing(std::string_view query, std::vector<Hit> found, const TextReading& reading)
      : hits(std::move(found)), extraction(query, texts_of(hits), reading) {}
  Compressing(const Compressing&) = delete;

  std::vector<Hit> hits;
  Extraction extraction;
};

Task<> Retrieval::add_similarities(Compressing& work) {
  const std::vector<Sentence>& sentences = work.extraction.sentences();
  std::string remark;
  if (!services_.embedder) {
    remark = "the sentences were chosen by their words alone: this knowledge base has no embedder";
  } else if (sentences.size() > limits::kEmbeddedSentences) {
    remark = fmt::format(
        "the sentences were chosen by their words alone: there are {}, and at most {} are embedded",
        sentences.size(), limits::kEmbeddedSentences);
  } else {
    std::vector<std::string> texts{query_};
    for (const Sentence& sentence : sentences) texts.emplace_back(work.extraction.text(sentence));
    auto vectors = co_await embed(std::move(texts), false);
    if (vectors && vectors->rows() == sentences.size() + 1) {
      std::vector<double> similarities;
      for (std::size_t i = 1; i < vectors->rows(); ++i)
        similarities.push_back(cosine(vectors->row(0), vectors->row(i)));
      work.extraction.add(similarities);
      co_return;
    }
    remark = fmt::format("the sentences were chosen by their words alone: {}",
                         vectors ? "the embedder gave another number of vectors" : vectors.error().message);
  }
  models::warn(context_, "compress_failed", remark);
  out_.remarks.push_back(std::move(remark));
}

Task<Result<>> Retrieval::compress(std::vector<Hit>& hits) {
  using By = SearchSettings::Compress::By;
  const SearchSettings::Compress& how = settings_.compress;
  std::erase_if(hits, [&how](const Hit& hit) { return how.by != By::none && hit.text.empty(); });
  if (how.by == By::none || hits.empty()) co_return Result<>();
  const std::size_t bytes = bytes_of(hits);
  auto take_apart = [query = query_, hits = std::move(hits), reading = services_.reading]() mutable {
    return std::make_unique<Compressing>(query, std::move(hits), reading);
  };
  const std::unique_ptr<Compressing> work =
      bytes <= kBytesOnLoop ? take_apart()
                            : co_await offload(context_.loop, services_.workers, std::move(take_apart));
  if (how.by == By::extractive && how.embeddings) co_await add_similarities(*work);
  if (context_.stop.requested()) co_return fail(stopped("search", context_.stop.reason()));

  SentenceChoice choice;
  if (how.by == By::model) {
    auto chooser = asked(how.model, "compress");
    if (!chooser) co_return fail(std::move(chooser.error()));
    auto chosen = co_await choose_sentences(*chooser->model, *chooser->prompt, query_, work->extraction,
                                            work->hits.size(), how.sentences, services_.spent, context_);
    if (!chosen) co_return fail(std::move(chosen.error()));
    choice = std::move(*chosen);
    if (!choice.remark.empty()) out_.remarks.push_back(std::move(choice.remark));
  } else {
    choice.kept = work->extraction.best(how.sentences);
  }
  hits = std::move(work->hits);
  for (std::size_t i = 0; i < hits.size(); ++i) keep_sentences(hits[i], work->extraction, choice.kept[i]);
  co_return Result<>();
}

}  // namespace troupe::memory
