#pragma once

#include "runtime/base/result.h"

#include <linux/filter.h>
#include <vector>

namespace troupe::sandbox {

/// What a confined program needs beyond computing and reading.
struct SyscallNeeds {
  bool network = false;
  bool processes = false;
  bool threads = false;
  bool change_files = false;
  /// kill(2) and its kin are let through, because something else (a PID namespace, Landlock) keeps the
  /// signals inside. Without them abort() ends a program by SIGSEGV instead of SIGABRT.
  bool signals = false;
};

/// A seccomp program (seccomp(2), classic BPF) that lets through a list of system calls for reading, memory,
/// time, waiting and what is needed above, and nothing else: no sockets, no ptrace, mounts, keys, BPF, perf,
/// userfaultfd, io_uring, other processes' memory, namespaces, no chmod or chown (Landlock does not watch
/// these), no memory outside of the address-space limit (memfd, System V), no session or group of its own, so
/// that killing the group ends all. What is refused fails with EPERM or ENOSYS, which programs survive or
/// report; a system call of a foreign architecture kills. Takes a few milliseconds.
Result<std::vector<sock_filter>> build_syscall_filter(const SyscallNeeds& needs);

/// Whether the kernel takes such programs.
bool syscall_filters_work();

}  // namespace troupe::sandbox
