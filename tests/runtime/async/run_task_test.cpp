#include "runtime/async/run_task.h"

#include "runtime/base/clock.h"

#include <stdexcept>

#include <doctest/doctest.h>

using namespace troupe;

namespace {

Task<int> after_a_while(Loop& loop, int value) {
  Stop stop;
  co_await loop.sleep_for(Milliseconds(1), stop);
  co_return value;
}

Task<int> thrown() {
  throw std::runtime_error("no");
  co_return 0;
}

}  // namespace

TEST_CASE("a loop runs one task after the other to its end, also after one that threw") {
  SystemClock clock;
  Loop loop(clock);
  CHECK(run_task(loop, after_a_while(loop, 1)) == 1);
  CHECK(run_task(loop, after_a_while(loop, 2)) == 2);
  CHECK_THROWS_AS(run_task(loop, thrown()), std::runtime_error);
  CHECK(run_task(loop, after_a_while(loop, 3)) == 3);
}
