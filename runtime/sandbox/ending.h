#pragma once

#include <string>
#include <string_view>

namespace troupe::sandbox {

/// How a process ended.
struct Ending {
  int exit_code = 0;
  int signal = 0;         ///< that ended it, 0: it exited
  std::string not_begun;  ///< why the program never ran ("" when it did)

  bool good() const { return signal == 0 && exit_code == 0 && not_begun.empty(); }
  /// "exited with code 3", "was ended by SIGSEGV", "could not be started: …": the end of a sentence about it.
  std::string text() const;
};

/// What a stranger's program said, for an error message: its last `bytes` bytes, as valid UTF-8 without
/// control characters, on one line.
std::string readable_tail(std::string_view said, std::size_t bytes = 512);

}  // namespace troupe::sandbox
