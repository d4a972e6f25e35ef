#pragma once

#include "runtime/base/result.h"
#include "runtime/sandbox/child_stage.h"
#include "runtime/sandbox/confinement.h"
#include "runtime/sandbox/descriptor.h"
#include "runtime/sandbox/ending.h"
#include "runtime/sandbox/support.h"

#include <string>
#include <vector>

namespace troupe::sandbox {

/// What a program's standard streams become, made by the functions of descriptor.h; -1: /dev/null. Owned by
/// the caller, who closes his copies after the start, or never sees an end.
struct Streams {
  int input = -1;
  int output = -1;
  int error = -1;
  int memory = -1;  ///< of a SharedMemory, which the program has as kMemoryDescriptor; -1: none
};

/// Where a program has what Streams::memory handed over.
inline constexpr int kMemoryDescriptor = 4;

/// A process that runs. Nothing here ends it: see Child.
struct Started {
  pid_t pid = -1;
  Descriptor process;    ///< pidfd, readable when it has ended
  Descriptor report;     ///< holds why its program was not begun, if it was not
  bool wrapped = false;  ///< `pid` is bubblewrap, which says 128 + n for signal n
};

/// A program and its Confinement, made ready for this machine: what takes time, allocates or can fail is done
/// once, and start() only forks and applies. Immutable; any thread, but see start().
class Cage {
 public:
  /// Errors: invalid for a relative or missing path, by name; unavailable when the kernel refuses. Whether
  /// the level of `support` is good enough for what will run is the caller's decision. `name`: what messages
  /// call the process, "" = the program's file name.
  static Result<Cage> make(const Support& support, const Confinement& confinement, Program program,
                           std::string name = "");

  /// Starts the program. It ends with the calling thread (PR_SET_PDEATHSIG), so call from one that lives as
  /// long as the daemon: the loop's, which waits until the program begins (a millisecond or two, however much
  /// the daemon has in memory). It has to: Asio leaves it to close(2) to take a descriptor out of epoll,
  /// which does not happen while a child before exec has a copy of it, and its late events then wake whoever
  /// has the place of the closed one. A program that cannot be executed is no error here: its Ending says it.
  Result<Started> start(const Streams& streams) const;

  /// For messages.
  const std::string& name() const { return name_; }

 private:
  Cage() = default;
  Result<void> forbid(const Support& support, const Confinement& confinement, const Program& program);
  void limit(const Confinement& confinement);

  std::string name_;
  std::string path_;
  std::vector<std::string> command_;  ///< with argument 0
  std::vector<std::string> environment_;
  std::vector<sock_filter> filter_;
  std::vector<ChildStage::Limit> limits_;
  std::uint32_t tasks_ = 0;  ///< it may start, 0: it cannot start any
  Descriptor ruleset_;
  bool wrapped_ = false;
};

/// Whether it is there to be reaped. Does not wait.
bool has_ended(const Started& started);

/// Kills what is left of the process's group, waits for it (at once when `process` is readable, else for as
/// long as dying takes) and tells how it ended. Once for each Started.
Ending reap(const Started& started);

/// SIGKILL for the process and its group. Only before reap(), while nobody else can have its number.
void kill_group(const Started& started);
/// The same with SIGTERM, which a program may act upon as it likes.
void terminate_group(const Started& started);

}  // namespace troupe::sandbox
