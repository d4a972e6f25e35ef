#pragma once

#include "runtime/base/json.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace troupe::memory {

/// A chunk as it is stored. Places are byte offsets into its document's text.
struct StoredChunk {
  std::int64_t id = 0;
  std::int64_t document = 0;
  std::size_t ordinal = 0;  ///< the how manieth of its document, from 0, without gaps
  std::size_t begin = 0;
  std::size_t end = 0;
  int page = 0;         ///< 0: none
  std::string heading;  ///< outermost first, joined with " > "
  std::string source;   ///< the document's path or URL
  std::string title;    ///< the document's; may be empty
  std::string text;     ///< end - begin bytes
  Json metadata = Json::object();
};

}  // namespace troupe::memory
