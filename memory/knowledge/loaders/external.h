#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/limits.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory::loaders {

/// What files are read by a loader from outside.
struct LoaderFormats {
  /// Bytes at a place by which a file is known.
  struct Magic {
    std::size_t at = 0;
    std::string bytes;
  };
  std::vector<std::string> endings;  ///< behind the last dot of a name, in lower case: "vtt"
  std::vector<std::string> types;    ///< content types, in lower case: "text/vtt"
  std::vector<Magic> magics;

  bool read_path(std::string_view path) const;
  bool read_type(std::string_view content_type) const;
  bool read_bytes(std::string_view bytes) const;
};

inline constexpr std::size_t kFormatWords = 64;       // of one loader
inline constexpr std::size_t kFormatWordBytes = 128;  // of each
inline constexpr std::size_t kMagicReach = 4'096;     // where the bytes that tell a format must end

/// Reads the words in which a loader says what it reads, separated by spaces: ".vtt" is an ending, "text/vtt"
/// a content type, "magic:0:574542565454" bytes in hexadecimal at a place. Errors: invalid, naming the first
/// word that is none of these.
Result<LoaderFormats> read_formats(std::string_view words);

/// Makes a document of what a loader from outside answered: JSON with `text`, or `parts`, each with `text`
/// and before it `page`, `heading` (with `level`) or `record`; `title`, `metadata`, `remarks` beside. Whoever
/// wrote it is not believed: everything goes through Draft, and what is not of its type is left out with a
/// remark. `format`: Document::format. Errors: invalid (no JSON, or no text in it). Computes for long; any
/// thread.
Result<Document> read_external(std::string_view answer, std::string_view format,
                               const LoadLimits& limits = {});

}  // namespace troupe::memory::loaders
