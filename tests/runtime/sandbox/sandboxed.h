#pragma once

#include "runtime/async/loop.h"
#include "runtime/base/sanitized.h"
#include "runtime/sandbox/run_once.h"
#include "tests/fakes/descriptors.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <poll.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace troupe::sandbox {

using fakes::open_descriptors;
using namespace std::chrono_literals;

inline SystemClock g_clock;

/// What this machine can do, probed once.
inline const Support& machine() {
  static const Support kSupport = probe();
  return kSupport;
}

inline Support without_bubblewrap() {
  Support support = machine();
  support.bubblewrap.clear();
  return support;
}

/// The machine's ways to confine, best first: bubblewrap where it works, and Landlock without it.
inline std::vector<Support> levels_here() {
  std::vector<Support> levels;
  if (!machine().bubblewrap.empty()) levels.push_back(machine());
  levels.push_back(without_bubblewrap());
  return levels;
}

inline Program shell(std::string script) {
  return {"/bin/sh", {"-c", std::move(script)}, {}};
}

/// May read what system programs need.
inline Confinement plain() {
  return {.readable = system_paths()};
}

/// And may start a few others.
inline Confinement with_processes() {
  auto confinement = plain();
  confinement.processes = 8;
  return confinement;
}

struct RunArguments {
  std::string input;
  std::size_t output_bytes = kRunOutputBytes;
  Milliseconds time{30'000};
};

/// Runs a program to its end on a loop of its own.
inline Result<std::string> run_in(const Support& support, const Confinement& confinement, Program program,
                                  RunArguments arguments = {}) {
  auto cage = Cage::make(support, confinement, std::move(program));
  if (!cage) return fail(cage.error());
  Loop loop(g_clock);
  Stop stop;
  return fakes::run(loop, run_once(loop, *cage, std::move(arguments.input), arguments.output_bytes,
                                   Deadline::after(g_clock, arguments.time), stop));
}

/// A copy of a program where anybody may run it. Root's children become nobody, who cannot enter the home in
/// which root may have built.
inline const std::string& copied(const std::string& program) {
  static const fakes::TempDir kFolder;
  static const std::string kCopy = [&] {
    namespace fs = std::filesystem;
    fs::permissions(kFolder.path(), fs::perms(0755));
    auto copy = kFolder.path() / "worker";
    fs::copy_file(program, copy);
    fs::permissions(copy, fs::perms(0755));
    return copy.string();
  }();
  return kCopy;
}

/// The program that misbehaves as told: tests/runtime/sandbox/worker_program.cpp.
inline Program worker_program(std::vector<std::string> arguments = {}) {
  const char* path = std::getenv("TROUPE_SANDBOX_WORKER");
#ifdef TROUPE_SANDBOX_WORKER
  if (!path) path = TROUPE_SANDBOX_WORKER;
#endif
  if (!path) throw std::runtime_error("TROUPE_SANDBOX_WORKER does not name the worker program");
  // It is built like the tests. A sanitizer cannot look for leaks without ptrace.
  return {copied(path), std::move(arguments), {"ASAN_OPTIONS=detect_leaks=0:handle_segv=0"}};
}

inline Confinement for_worker_program() {
  auto confinement = plain();
  confinement.cpu_seconds = 0;
  if (kSanitized) {
    confinement.address_space = 0;
    confinement.readable.emplace_back("/proc");
  }
  return confinement;
}

inline Cage worker_cage(const Support& support, Program program) {
  auto cage = Cage::make(support, for_worker_program(), std::move(program));
  if (!cage) throw std::runtime_error(cage.error().message);
  return std::move(*cage);
}

/// True as soon as `condition` holds, false when it did not within the longest a test waits.
inline bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

/// How many living processes of the machine have `mark` in their command line.
inline int processes_marked(const std::string& mark) {
  int count = 0;
  std::error_code failed;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", failed)) {
    std::ifstream file(entry.path() / "cmdline", std::ios::binary);
    std::string line(4096, '\0');  // one that ended meanwhile fails to be read, which is no word of it
    file.read(line.data(), static_cast<std::streamsize>(line.size()));
    line.resize(static_cast<std::size_t>(file.gcount()));
    if (line.find(mark) != std::string::npos) ++count;
  }
  return count;
}

/// A number of seconds to sleep that no other process of the machine sleeps.
inline std::string unique_nap() {
  static int next = 0;
  return "1000." + std::to_string(::getpid()) + std::to_string(next++);
}

/// No child of this process is left, not even one that is dead and not waited for.
inline bool childless() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 && errno == ECHILD;
}

}  // namespace troupe::sandbox
