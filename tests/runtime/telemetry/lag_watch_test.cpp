#include "runtime/telemetry/lag_watch.h"

#include "tests/fakes/run_loop.h"

#include <thread>

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a handler that holds up the loop is noticed, a quiet loop is not") {
  SystemClock clock;
  Loop loop(clock);
  Stop never;
  LagWatch watch(loop);
  auto hog = loop.at(clock.now() + 90ms, [] { std::this_thread::sleep_for(60ms); });

  fakes::run(loop, loop.sleep_for(200ms, never));

  CHECK(watch.take_worst() >= 40ms);
  CHECK(watch.take_worst() == 0ms);
}
