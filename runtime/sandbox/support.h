#pragma once

#include <string>
#include <string_view>

namespace troupe::sandbox {

/// How well this machine can confine a program, worst first. Comparable.
enum class Level {
  none,           ///< resource limits only: nothing that comes from strangers may run
  no_file_rules,  ///< system calls are filtered: no network, no processes; but every readable file can be
                  ///< read
  no_namespaces,  ///< and Landlock guards the files
  full,  ///< bubblewrap: empty file system, own users, processes and network; and system calls filtered
};

/// What there is to confine with. Plain data: take something away to run with less.
struct Support {
  bool seccomp = false;
  int landlock = 0;           ///< version, 0: none
  std::string bubblewrap;     ///< path of a bwrap that works, "" when there is none
  std::string no_bubblewrap;  ///< why there is none, for people
};

Level level(const Support& support);
/// "full", "no namespaces", "no file rules", "none".
std::string_view word(Level level);
/// One line for people: the level, what it is made of, what is missing and what to do about it.
std::string describe(const Support& support);

/// Looks at the kernel and tries bubblewrap out, which starts a process and waits for it (some 20 ms, at most
/// kProbeTime). Once, at start, before the loop runs.
Support probe();

}  // namespace troupe::sandbox
