#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <cstddef>
#include <functional>

namespace troupe::app {

inline constexpr std::size_t kEvalJobs = 64;  ///< cases at work at once, at most

/// Calls `body` with 0 … count - 1, in this order, `jobs` of them at work at once. Once `stop` is requested
/// no further one is begun. Returns when all that were begun have ended. Loop thread.
Task<> each_case(Loop& loop, std::size_t count, std::size_t jobs, Stop& stop,
                 std::function<Task<>(std::size_t)> body);

}  // namespace troupe::app
