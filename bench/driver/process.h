#pragma once

#include <chrono>
#include <string>
#include <sys/types.h>
#include <vector>

namespace troupe::bench {

/// A program under measurement. Destruction ends it (SIGTERM, then SIGKILL after 10 s) and reaps it.
class Process {
 public:
  /// Starts argv[0] with its standard output on a pipe and its standard error in `log`. Throws when it
  /// cannot.
  Process(std::vector<std::string> argv, const std::string& log);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Waits until a line that begins with `prefix` appears on its standard output and returns the rest of the
  /// line. Throws with the end of the log when the program ends or 20 s pass first.
  std::string await_line(const std::string& prefix);

  std::chrono::steady_clock::time_point started() const { return started_; }
  /// User and system time so far, of all its threads.
  double cpu_seconds() const;
  /// Resident memory now.
  double rss_mb() const;
  void stop();

 private:
  std::string log_;
  pid_t pid_ = -1;
  int out_ = -1;
  std::chrono::steady_clock::time_point started_;
};

}  // namespace troupe::bench
