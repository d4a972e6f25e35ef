#pragma once

#include "memory/knowledge/store/queries.h"
#include "memory/knowledge/store/schema.h"
#include "memory/knowledge/store/writes.h"
#include "tests/fakes/temp_dir.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::memory::testing {

template <class T>
T take(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// A knowledge file of its own.
struct KnowledgeFile {
  fakes::TempDir folder;
  std::string file = (folder.path() / "knowledge.db").string();
  store::Database open() { return take(open_knowledge(file)); }
};

/// A document whose chunks are its words; the vector of the i-th begins with `first` + i.
inline NewDocument words_document(std::string source, const std::string& text, float first = 0,
                                  std::size_t dimensions = 2) {
  NewDocument fresh;
  fresh.source = std::move(source);
  fresh.version = {.content = "c-" + text, .preparation = "p1", .stamp = "s1"};
  fresh.document.format = "text";
  fresh.document.title = "On " + fresh.source;
  fresh.document.text = text;
  fresh.document.metadata = {{"length", text.size()}};
  fresh.dimensions = dimensions;
  fresh.at_ms = 1'800'000'000'000;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(' ', begin), text.size());
    NewChunk chunk{.place = {.begin = begin, .end = end, .page = 1, .heading = "H"},
                   .terms = text.substr(begin, end - begin)};
    fresh.vectors.push_back(first + static_cast<float>(fresh.chunks.size()));
    fresh.vectors.resize(fresh.vectors.size() + dimensions - 1, 0.5F);
    fresh.chunks.push_back(std::move(chunk));
    begin = end + 1;
  }
  return fresh;
}

inline std::vector<std::string> texts(const std::vector<StoredChunk>& chunks) {
  std::vector<std::string> all;
  for (const StoredChunk& chunk : chunks) all.push_back(chunk.text);
  return all;
}

inline std::vector<std::int64_t> chunks_of(const ChunkPage& page) {
  std::vector<std::int64_t> all;
  for (const ChunkPage::Place& place : page.places) all.push_back(place.chunk);
  return all;
}

inline std::vector<std::int64_t> ids(const std::vector<TermMatch>& matches) {
  std::vector<std::int64_t> all;
  for (const TermMatch& match : matches) all.push_back(match.chunk);
  return all;
}

}  // namespace troupe::memory::testing
