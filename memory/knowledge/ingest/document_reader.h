#pragma once

#include "memory/knowledge/document.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

#include <string>

namespace troupe::memory {

/// The bytes of one document, and what is known of them.
struct ReadRequest {
  std::string bytes;
  std::string source;        ///< path, URL or file name: its ending says the format
  std::string content_type;  ///< of the answer that brought it; "": none
};

/// Makes documents of what strangers wrote. Concurrent reads are fine. Loop thread only.
class DocumentReader {
 public:
  virtual ~DocumentReader() = default;
  /// `time` is for reading, not for waiting until others are read. Errors: invalid (no format that is read
  /// here, or a broken file), too_large, timeout past `time`,
  /// cancelled, tool (what reads it crashed or failed), unavailable (a program that reads this format is not
  /// installed; retryable: the reader itself does not run, no document can be read now).
  virtual Task<Result<Document>> read(ReadRequest request, Milliseconds time, Stop& stop) = 0;
};

}  // namespace troupe::memory
