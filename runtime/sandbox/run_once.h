#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/sandbox/cage.h"

#include <string>

namespace troupe::sandbox {

inline constexpr std::size_t kRunInputBytes = 64u << 20;
inline constexpr std::size_t kRunOutputBytes = 16u << 20;  // unless the caller says otherwise

/// Runs the program of `cage` once: `input` is its standard input (a sealed file in memory: it can be read at
/// any pace and in any order, and not written), its standard output the result. `loop`, `cage` and `stop`
/// outlive the call.
///
/// Errors, each with how the program ended and the end of its standard error: timeout past `deadline`;
/// cancelled (or what the reason says) on `stop`; too_large for more than `output_bytes` of output, for a
/// flood of error output, or for an input over kRunInputBytes (nothing is run); tool when it exits with
/// another code than 0 or is ended by a signal; unavailable when it could not be started. In all of these it
/// has been killed with its whole process group and reaped before the task ends, so none of it can act any
/// more (what it forked is a zombie of the machine's process 1 for as long as that one takes). Loop thread
/// only.
Task<Result<std::string>> run_once(Loop& loop, const Cage& cage, std::string input, std::size_t output_bytes,
                                   Deadline deadline, Stop& stop);

}  // namespace troupe::sandbox
