#pragma once

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::fakes {

/// What a program that ended left behind.
struct Outcome {
  int exit_code = -1;  ///< 128 + signal when a signal ended it
  std::string out;
  std::string err;
};

/// A child process with its output captured. Ended by its pid when the object goes away.
class Process {
 public:
  /// `environment` entries ("NAME=value") come on top of the test's own. Throws when it cannot be started.
  explicit Process(std::vector<std::string> arguments, std::vector<std::string> environment = {},
                   std::string folder = "");
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// Closes the child's standard input after writing `text` to it.
  void feed(const std::string& text);
  /// The next line of standard output, without its newline. Throws when it does not come within kMaxTestWait
  /// or the child ends before it.
  std::string line();
  /// Waits for the end. Throws, after ending it, when it does not come in time.
  Outcome wait();

 private:
  bool pump(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string out_text_;
  std::string err_text_;
  std::size_t read_lines_to_ = 0;
};

/// Runs a program to its end.
Outcome run_program(std::vector<std::string> arguments, std::vector<std::string> environment = {},
                    std::string input = "", std::string folder = "");

}  // namespace troupe::fakes
