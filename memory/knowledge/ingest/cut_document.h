#pragma once

#include "memory/knowledge/chunk.h"
#include "memory/knowledge/document.h"
#include "memory/knowledge/store/records.h"
#include "models/tokens/encoding.h"
#include "runtime/base/result.h"

#include <chrono>
#include <optional>
#include <vector>

namespace troupe::memory {

/// A document and its chunks, with the terms under which they are found.
struct CutDocument {
  Document document;
  std::vector<NewChunk> chunks;
  std::chrono::nanoseconds chunk_time{0};  ///< that each of the two took
  std::chrono::nanoseconds terms_time{0};
};

/// Cuts a document and indexes its words: a chunk is found by its own and by those of the document's title.
/// `encoding`: what sizes in tokens are counted in; none: estimated. Computes for long: not for the loop.
/// Errors: as chunk().
Result<CutDocument> cut_document(Document document, const ChunkSettings& settings,
                                 std::optional<models::tokens::EncodingName> encoding);

}  // namespace troupe::memory
