#pragma once

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/// What measuring programs look at.
namespace troupe::bench {

using SteadyClock = std::chrono::steady_clock;

inline void expect(bool ok, const std::string& what) {
  if (!ok) std::fprintf(stderr, "failed: %s\n", what.c_str()), std::abort();
}

inline double ms_since(SteadyClock::time_point since) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - since).count();
}

inline double cpu_ms() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](timeval t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) * 1e-3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

/// A line of /proc/self/status, in MB.
inline double memory_mb(const char* name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(name)) return std::strtod(line.c_str() + std::strlen(name) + 1, nullptr) / 1024;
  return 0;
}
inline void reset_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}
inline std::size_t descriptors() {
  const auto entries = std::filesystem::directory_iterator("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(entries), end(entries)));
}

/// So that what one leaves to the heap is not in the memory of the next.
template <class Body>
void in_own_process(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    std::fflush(nullptr);
    std::_Exit(0);
  }
  int status = 0;
  expect(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a measurement");
}

}  // namespace troupe::bench
