#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

namespace troupe {

/// Lines of an input that can only be read by waiting (a terminal, a pipe, a file), read on a thread of their
/// own and handed to the loop. The thread ends with the input or with the process; the reader may go away
/// before it.
class LineReader {
 public:
  /// `input` outlives the process: std::cin.
  LineReader(Loop& loop, std::istream& input);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// The next line without its end. Nothing at the end of the input, or when `stop` came first. Loop thread
  /// only.
  Task<std::optional<std::string>> next(Stop& stop);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace troupe
