#pragma once

#include "memory/knowledge/store/records.h"
#include "memory/knowledge/stored_chunk.h"
#include "runtime/base/result.h"
#include "runtime/store/sqlite.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// What is read of a knowledge file. Blocking; for any connection, also one that only reads. Errors: store.

/// All bases, by tenant and name, with how much they hold.
Result<std::vector<BaseRow>> list_bases(store::Database& database);
/// The base of this key; nothing when nothing was ever put into it.
Result<std::optional<BaseRow>> read_base(store::Database& database, const BaseKey& key);
/// The same without `documents` and `chunks`, which takes no longer however much it holds.
Result<std::optional<BaseRow>> find_base(store::Database& database, const BaseKey& key);

/// Documents of a base without their texts, by source: `limit` of those behind `after`.
Result<std::vector<DocumentRow>> list_documents(store::Database& database, std::int64_t base,
                                                std::string_view after, std::size_t limit);
/// The same of one source.
Result<std::optional<DocumentRow>> read_document(store::Database& database, std::int64_t base,
                                                 std::string_view source);
/// A document as it was read from its source. Nothing when the id is gone. Errors too: protocol (its layout
/// does not fit its text: the file was changed by hand).
Result<std::optional<Document>> document_text(store::Database& database, std::int64_t document);

/// A match of full-text search, best first. `score`: BM25 with k1 = 1.2 and b = 0.75, higher is better.
struct TermMatch {
  std::int64_t chunk = 0;
  double score = 0;
};
/// Chunks that hold terms of `match`, an expression of FTS5, best first and then by id. `documents`: only of
/// these; null: of all.
Result<std::vector<TermMatch>> match_terms(store::Database& database, std::int64_t base,
                                           const std::string& match, std::size_t limit,
                                           const std::vector<std::int64_t>* documents);

/// These chunks, in the order of the ids; those that are gone are left out.
Result<std::vector<StoredChunk>> read_chunks(store::Database& database, std::span<const std::int64_t> ids);
/// The chunks of a document with ordinals in [first, last], in order.
Result<std::vector<StoredChunk>> chunks_between(store::Database& database, std::int64_t document,
                                                std::int64_t first, std::int64_t last);
/// The chunks of a document that share a byte with [begin, end) of its text, in order.
Result<std::vector<StoredChunk>> chunks_at(store::Database& database, std::int64_t document,
                                           std::size_t begin, std::size_t end);
/// The vectors of these chunks, one after the other; as many numbers of 0 where one is gone.
Result<std::vector<float>> read_vectors(store::Database& database, std::span<const std::int64_t> ids,
                                        std::size_t dimensions);

/// A page of the chunks of a base, without their texts.
struct ChunkPage {
  struct Place {
    std::int64_t chunk = 0;
    std::int64_t document = 0;
    int page = 0;  ///< 0: none
    std::string heading;
  };
  std::vector<Place> places;
  std::vector<float> vectors;  ///< a row a chunk, where they were asked for
};
/// Up to `limit` chunks of the base with ids above `after`, by id. `dimensions`: of the vectors, which come
/// along; 0: without. Errors too: protocol (a vector of another length: the file was changed by hand, or
/// damaged).
Result<ChunkPage> chunk_page(store::Database& database, std::int64_t base, std::int64_t after,
                             std::size_t limit, std::size_t dimensions);

/// A document, and of how many chunks it is: the same for as long as it has this id, or 0 once the chunks of
/// its base were forgotten.
struct DocumentSize {
  std::int64_t id = 0;
  std::int64_t chunks = 0;
  bool operator==(const DocumentSize&) const = default;
};
/// Of up to `limit` documents of a base with ids above `after`, ascending.
Result<std::vector<DocumentSize>> document_sizes(store::Database& database, std::int64_t base,
                                                 std::int64_t after, std::size_t limit);
/// What a document says of itself.
struct DocumentFields {
  std::int64_t id = 0;
  std::int64_t at_ms = 0;  ///< when it was taken in
  Json fields;             ///< its metadata with `source`, `title` and `format`
};
/// Of up to `limit` documents of a base with ids above `after`, ascending.
Result<std::vector<DocumentFields>> document_fields(store::Database& database, std::int64_t base,
                                                    std::int64_t after, std::size_t limit);

/// What does not agree in this file, a sentence each: rows, terms and vectors of every base. Reads all of it.
Result<std::vector<std::string>> check_knowledge(store::Database& database);

}  // namespace troupe::memory
