#pragma once

#include <array>
#include <linux/filter.h>
#include <span>
#include <sys/resource.h>
#include <sys/types.h>

namespace troupe::sandbox {

/// What root's children become.
inline constexpr uid_t kNobody = 65534;

/// Everything a child does before exec, decided beforehand by its parent. Plain pointers to what the parent
/// owns: the child works in the parent's memory while the parent waits (as after vfork), and of its threads
/// only the waiting one stands still, so whoever holds a lock (malloc's, for one) may hold it all the while.
struct ChildStage {
  struct Limit {
    int what;
    rlimit value;
  };

  pid_t parent;
  bool confined = true;         ///< gives up its capabilities and new privileges; umask 077
  bool drop_root;               ///< become nobody
  const char* directory = "/";  ///< to begin in
  std::array<int, 3> streams;
  int passed;         ///< descriptor that becomes number 3 across exec, -1: none
  int memory = -1;    ///< descriptor that becomes kMemoryDescriptor across exec, -1: none
  int ruleset;        ///< Landlock, -1: none
  sock_fprog filter;  ///< applied when it has code
  std::span<const Limit> limits;
  const char* path;
  char* const* arguments;
  char* const* environment;
  int report;  ///< where a ChildFailure is written when something fails; closed by exec
};

/// What failed, for the parent to put into words. `step` is a literal, at the same address in both processes.
struct ChildFailure {
  const char* step;
  int code;
};

/// A process that confines itself and executes the program; the calling thread waits until it has. Its
/// number, or -1 with errno. What it changes is its own (descriptors, signals, identity, limits), not its
/// parent's.
pid_t spawn_child_stage(const ChildStage& stage);

}  // namespace troupe::sandbox
