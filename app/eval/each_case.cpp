#include "app/eval/each_case.h"

#include "runtime/async/nursery.h"

#include <algorithm>

namespace troupe::app {

namespace {

struct Begun {
  std::size_t next = 0;
  const std::size_t count;
  Stop& stop;
  const std::function<Task<>(std::size_t)>& body;
};

Task<> work(Begun& begun) {
  while (begun.next < begun.count && !begun.stop.requested()) co_await begun.body(begun.next++);
}

}  // namespace

Task<> each_case(Loop& loop, std::size_t count, std::size_t jobs, Stop& stop,
                 std::function<Task<>(std::size_t)> body) {
  Begun begun{.count = count, .stop = stop, .body = body};
  Nursery nursery(loop);
  for (std::size_t i = 0; i < std::clamp<std::size_t>(jobs, 1, kEvalJobs); ++i)
    nursery.spawn("case", [&begun] { return work(begun); });
  co_await nursery.join();
}

}  // namespace troupe::app
