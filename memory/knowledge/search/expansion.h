#pragma once

#include "memory/knowledge/search/hit.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace troupe::memory {

/// Chunks [first, last] of a document, by their ordinals, and the hits (by their place among the hits, best
/// first) that lie in them.
struct ChunkRange {
  std::int64_t document = 0;
  std::size_t first = 0;
  std::size_t last = 0;
  std::vector<std::size_t> hits;
  bool operator==(const ChunkRange&) const = default;
};

/// A hit's chunk and `count` on each side; the last may lie behind the document's end.
ChunkRange neighbours(const Hit& hit, std::size_t place, std::size_t count);

/// As much of the document around the hit as `characters` (code points) allow, in whole chunks, growing on
/// the side where less was added; all of it when it fits. A hit that is longer stays alone. `chunks`: of the
/// hit's document, by ordinal; those missing end the growth.
ChunkRange parent(const Hit& hit, std::size_t place, std::span<const StoredChunk> chunks,
                  std::size_t characters);

/// Ranges of one document that share a chunk or touch become one, in the place of its best hit.
std::vector<ChunkRange> joined(std::vector<ChunkRange> ranges);

/// The best hit of a range with the text of all its chunks, which are given by ordinal. What two chunks share
/// stands there once; blanks that were between chunks are one line break; a chunk that is missing leaves
/// " … ". The other hits are told in `merged`. Linear in the text.
Hit expanded(std::span<const Hit> hits, const ChunkRange& range, std::span<const StoredChunk> chunks);

}  // namespace troupe::memory
