#include "memory/knowledge/ingest/cut_document.h"

#include "memory/knowledge/chunkers/chunker.h"
#include "memory/knowledge/keyword/keyword.h"

#include <string_view>
#include <utility>

namespace troupe::memory {

Result<CutDocument> cut_document(Document document, const ChunkSettings& settings,
                                 std::optional<models::tokens::EncodingName> encoding) {
  using Clock = std::chrono::steady_clock;
  const auto begun = Clock::now();
  auto chunks = chunk(document, settings, encoding ? &models::tokens::Encoding::get(*encoding) : nullptr);
  if (!chunks) return fail(std::move(chunks.error()));
  const auto cut = Clock::now();
  CutDocument out;
  out.chunks.reserve(chunks->size());
  for (Chunk& place : *chunks) {
    const std::string_view text =
        std::string_view(document.text).substr(place.begin, place.end - place.begin);
    std::string terms = keyword_terms(document.title + "\n" + std::string(text));
    out.chunks.push_back({std::move(place), std::move(terms)});
  }
  out.document = std::move(document);
  out.chunk_time = cut - begun;
  out.terms_time = Clock::now() - cut;
  return out;
}

}  // namespace troupe::memory
