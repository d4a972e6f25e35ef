#pragma once

#include <cstddef>
#include <string>

namespace troupe::memory {

/// A piece of a document that is embedded and found: the bytes [begin, end) of its text, on character
/// boundaries, without blanks at the ends.
struct Chunk {
  std::size_t begin = 0;
  std::size_t end = 0;
  int page = 0;         ///< where it begins; 0: the document has no pages
  std::string heading;  ///< the headings it stands under, outermost first, joined with " > "
};

/// How documents are cut, as `knowledge.NAME.chunk` says.
struct ChunkSettings {
  std::string by = "recursive";     ///< recursive | markdown | sentence | tokens
  std::string unit = "characters";  ///< of size and overlap: characters (code points) | tokens
  std::size_t size = 500;           ///< no chunk is longer
  std::size_t overlap = 100;        ///< at most this much of a chunk's end begins the next one; below size
};

}  // namespace troupe::memory
