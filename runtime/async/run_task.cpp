#include "runtime/async/run_task.h"

#include <exception>

#include <boost/asio/co_spawn.hpp>

namespace troupe {

int run_task(Loop& loop, Task<int> task) {
  int value = 0;
  std::exception_ptr failure;
  boost::asio::co_spawn(loop.context(), std::move(task), [&](std::exception_ptr e, int v) {
    failure = e;
    value = v;
    loop.halt();
  });
  // The task before halted the loop, which stays so otherwise: the next one would end before it has begun.
  loop.context().restart();
  loop.run();
  if (failure) std::rethrow_exception(failure);
  return value;
}

}  // namespace troupe
