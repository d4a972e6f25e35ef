#pragma once

#include "memory/knowledge/chunk.h"
#include "memory/knowledge/document.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// Whose knowledge base. Documents, vectors and terms of one key never meet those of another.
struct BaseKey {
  std::string tenant;  ///< "": what the operator's configuration names, read by everybody
  std::string name;    ///< its key in `knowledge:`
  auto operator<=>(const BaseKey&) const = default;
};

struct BaseRow {
  std::int64_t id = 0;
  BaseKey key;
  /// What the vectors were made with: embedder, model and how they are compared. Vectors of two embeddings
  /// cannot be compared, so a base holds those of one.
  std::string embedding;
  std::size_t dimensions = 0;   ///< 0: no vector yet
  std::int64_t generation = 0;  ///< grows with every change of its documents
  std::int64_t documents = 0;
  std::int64_t chunks = 0;
};

/// Who brought a document in, and so who may take it away.
enum class Origin {
  sources,  ///< `sources:` of the configuration: goes when they do not name it any more
  added,    ///< by hand: stays until it is removed by hand
};
std::string_view word(Origin origin);

/// What is looked at to see whether a source has changed.
struct DocumentVersion {
  std::string content;      ///< SHA-256 of the bytes, hex
  std::string preparation;  ///< how it was read, ':', how it was cut: another one, and it is done again
  std::string stamp;        ///< cheap sign of a change (size and time of a file, ETag of a page); "" none
  bool operator==(const DocumentVersion&) const = default;
};

struct DocumentRow {
  std::int64_t id = 0;
  std::string source;  ///< path or URL
  Origin origin = Origin::sources;
  DocumentVersion version;
  std::string title;
  std::string format;
  std::int64_t text_bytes = 0;
  std::int64_t chunks = 0;
  std::int64_t at_ms = 0;  ///< when it was taken in
  Json metadata = Json::object();
  std::vector<std::string> remarks;
};

/// A chunk on its way into the store.
struct NewChunk {
  Chunk place;
  std::string terms;  ///< for full-text search, as keyword_terms() writes them
};

/// A document on its way into the store.
struct NewDocument {
  std::string source;
  Origin origin = Origin::sources;
  DocumentVersion version;
  Document document;
  std::vector<NewChunk> chunks;
  std::vector<float> vectors;  ///< a row a chunk, of `dimensions`
  std::size_t dimensions = 0;
  std::int64_t at_ms = 0;
};

/// What a change of one document did to its base.
struct Change {
  std::int64_t document = 0;          ///< its id now; 0: it is gone
  std::vector<std::int64_t> removed;  ///< chunks
  std::vector<std::int64_t> added;    ///< chunks, in their order
  std::int64_t generation = 0;        ///< of the base, after it
};

}  // namespace troupe::memory
