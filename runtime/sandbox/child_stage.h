#pragma once

#include <array>
#include <linux/filter.h>
#include <span>
#include <sys/resource.h>
#include <sys/types.h>

namespace troupe::sandbox {

/// Everything a child does between fork and exec, decided beforehand by its parent. Plain pointers to what
/// the parent owns: the child has a copy of all its memory, but of its threads only the one that forked, so
/// whoever held a lock (malloc's, for one) holds it for ever.
struct ChildStage {
  struct Limit {
    int what;
    rlimit value;
  };

  pid_t parent;
  bool drop_root;  ///< become nobody
  std::array<int, 3> streams;
  int passed;         ///< descriptor that becomes number 3 across exec, -1: none
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

/// Confines this process and executes the program. Only async-signal-safe calls; never returns.
[[noreturn]] void run_child_stage(const ChildStage& stage);

}  // namespace troupe::sandbox
