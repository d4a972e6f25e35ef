#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"

namespace troupe {

/// Runs the loop until `task` has ended, for a main() that has one thing to do; the calling thread becomes
/// the loop thread. Returns its value; rethrows what escaped from it. A loop may run several, one after the
/// other.
int run_task(Loop& loop, Task<int> task);

}  // namespace troupe
