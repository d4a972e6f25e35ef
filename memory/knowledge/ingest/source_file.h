#pragma once

#include "runtime/base/result.h"

#include <cstddef>
#include <string>

namespace troupe::memory {

/// A file as it was read.
struct SourceBytes {
  std::string bytes;
  std::string content;  ///< SHA-256 of the bytes, hex
  /// As file_stamp() has it; "" when it cannot be relied on: the file changed while it was read, or so lately
  /// (kFreshFile) that a further change could leave its time as it is.
  std::string stamp;
};

/// Reads a file of at most `most` bytes. `root`, when it is not empty, is a real path in which the file must
/// lie: a link that was put in its place since it was found leads nowhere else. A FIFO or a device does not
/// hold the caller up. Blocks: not for the loop. Errors, whose messages call the file "it": not_found,
/// too_large (also of a file that grows meanwhile), invalid (no regular file), denied (outside of root; no
/// permission), store (the disk).
Result<SourceBytes> read_source_file(const std::string& path, const std::string& root, std::size_t most);

}  // namespace troupe::memory
