#pragma once

#include "memory/knowledge/chunk.h"
#include "memory/knowledge/document.h"
#include "models/tokens/encoding.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// Bounds of chunking; who passes one is told.
inline constexpr std::size_t kChunkedTextBytes = 256u << 20;  // of one document
inline constexpr std::size_t kChunksMax = 1'000'000;          // of one document
inline constexpr std::size_t kChunkSizeMax = 1'000'000;       // in either unit
inline constexpr std::size_t kChunkTokensMin = 4;             // one character can have so many

/// What ChunkSettings::by may be, in the order it is shown.
std::vector<std::string_view> chunker_names();
/// What ChunkSettings::unit may be.
std::vector<std::string_view> chunk_units();

/// Errors: invalid (no such kind or unit, a size of 0 or beyond the bounds, an overlap that is not below it).
Result<> check_chunking(const ChunkSettings& settings);

/// Cuts a document into chunks, in their order. Pure; any thread; takes time in proportion to the text.
///
/// Every kind cuts at the strongest breaks that leave pieces of at most `size`, and packs neighbouring pieces
/// of one kind of break as long as they fit: between records, then
///   recursive  paragraphs, lines, sentences, words
///   markdown   headings, where every chunk ends; blocks, the items of a list, then as recursive. Fenced code
///   and
///              tables are cut only where they are longer than `size`
///   sentence   sentences, words
///   tokens     nothing: each chunk is as long as it may be
/// and, where that is still too long, between characters as readers see them (grapheme clusters, UAX #29),
/// and at last between code points. `overlap` is made of whole pieces of the break at which two chunks were
/// cut, where they are short enough; there is none where a piece had to be cut further.
///
/// No chunk is longer than `size`, none lies within another, begins and ends ascend, and each character that
/// is no blank is in a chunk. A document of blanks has no chunks.
///
/// Tokens are those that a chunk has by itself in `encoding`; null: estimated, as models::estimate_tokens()
/// does. Headings are the document's; `markdown` reads those of the text where the document tells none.
///
/// Errors: invalid (see check_chunking), too_large (kChunkedTextBytes, kChunksMax), internal (no data of
/// ICU).
Result<std::vector<Chunk>> chunk(const Document& document, const ChunkSettings& settings,
                                 const models::tokens::Encoding* encoding = nullptr);

}  // namespace troupe::memory
