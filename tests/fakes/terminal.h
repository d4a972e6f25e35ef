#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::fakes {

/// A program that runs on a terminal of its own, as a person would use it. Ended by its pid when the object
/// goes away.
class Terminal {
 public:
  /// Throws when it cannot be started.
  explicit Terminal(std::vector<std::string> arguments);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Waits until `text` was shown after what an earlier until() found. Throws, with what was shown, when it
  /// does not come within kMaxTestWait.
  void until(const std::string& text);
  /// Types a line.
  void type(const std::string& line);
  /// Waits for the end and returns the exit code, 128 + signal when a signal ended it.
  int wait();
  /// Everything that was shown so far.
  const std::string& shown() const { return shown_; }

 private:
  bool pump();

  pid_t pid_ = -1;
  int terminal_ = -1;
  std::string shown_;
  std::size_t seen_ = 0;
};

}  // namespace troupe::fakes
