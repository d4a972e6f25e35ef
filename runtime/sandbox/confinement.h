#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace troupe::sandbox {

/// What a program may touch and use while it works on what strangers sent. Plain data; the default is a
/// program that computes: no files but those named, no network, no other processes. Sizes are bytes.
///
/// Always on, without a field: no new privileges, no capabilities (a daemon that runs as root starts them as
/// nobody), no inherited descriptors, environment or terminal, no core dump, ended with the daemon, system
/// calls by a list of allowed ones.
struct Confinement {
  /// Files and folders it may read, absolute, each existing. The program itself need not be named, but its
  /// libraries do: system_paths(). With `processes` also what it may execute.
  std::vector<std::string> readable;
  /// Folders (or files) it may read and change, absolute, each existing. As root these must be nobody's to
  /// write.
  std::vector<std::string> writable;
  /// May open connections to Internet addresses. They do not pass the outbound guard, so this is for trusted
  /// code. Never listening, never Unix sockets.
  bool network = false;
  /// Of each process, mapped rather than used: Java, Go and every program built with AddressSanitizer reserve
  /// far more than they use and do not start under any useful limit. 0: no limit.
  std::uint64_t address_space = 512u << 20;
  /// Processor time of each process in its whole life: a long-lived worker wants 0, no limit, and is bounded
  /// by the deadline of each call.
  std::uint32_t cpu_seconds = 10;
  std::uint32_t open_files = 64;
  /// Processes it may have at once beside itself, under the same rules; 0: it can neither fork nor (where
  /// Landlock is at work) execute anything else. A bound against floods rather than an exact count: the
  /// kernel counts by user, so it is kept to kProcessSlack more than asked for, and not for a process that
  /// stays root.
  std::uint32_t processes = 0;
  /// Threads it may have at once beside its first one; 0: none.
  std::uint32_t threads = 0;
  /// The largest file it may write; 0: it may write to its pipes only.
  std::uint64_t file_bytes = 0;
};

/// Tasks that others of the same user may start meanwhile without the confined program feeling it.
inline constexpr std::uint32_t kProcessSlack = 32;

/// What a dynamically linked program of the distribution needs to read, those of it that exist here:
/// libraries, programs and their data, the loader's cache, the links that choose among alternatives (BLAS is
/// one), fonts' configuration, null, zero and the random devices. No user's files, and of /etc nothing else.
std::vector<std::string> system_paths();

/// A program with its arguments (without its own name) and its whole environment ("NAME=value").
struct Program {
  std::string path;  ///< absolute; /proc/self/exe is this very program
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
};

}  // namespace troupe::sandbox
