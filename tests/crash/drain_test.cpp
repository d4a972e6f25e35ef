#include "runtime/async/nursery.h"
#include "runtime/base/limits.h"
#include "tests/crash/crash_stage.h"
#include "tests/crash/witness.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::crash;

namespace {

constexpr std::size_t kStreams = 50;

/// A run whose first reply takes so long.
Plan plan_of(std::size_t n, bool stalls) {
  return {.name = fmt::format("case-{}{}", stalls ? "stalls-" : "ends-", n),
          .agent = "native",
          .steps = {{{kPut, 1}}},
          .model_ms = stalls ? 0 : 10};
}

}  // namespace

TEST_CASE("SIGTERM with fifty streams open: what can end does, the rest goes on at the next start") {
  CrashStage stage;
  stage.model.stall([](const std::string& plan) { return plan.starts_with("case-stalls-"); });
  SystemClock clock;
  Loop loop(clock);
  std::vector<std::unique_ptr<Witness>> all;
  for (std::size_t n = 0; n < kStreams; ++n) {
    Plan plan = plan_of(n, n % 2 == 0);
    stage.model.add(plan);
    all.push_back(std::make_unique<Witness>(loop, std::move(plan)));
  }
  stage.start();
  Instant asked;
  auto life = [&]() -> Task<> {
    Nursery clients(loop);
    for (const auto& one : all)
      clients.spawn("client", [&one, url = stage.daemon.url()] { return one->follow(url); });
    Stop never;
    while (stage.model.stalled() < kStreams / 2) co_await loop.sleep_for(Milliseconds(1), never);
    stage.daemon.process().signal(SIGTERM);
    asked = clock.now();
    co_await clients.join();
  };
  fakes::run(loop, life());
  CHECK(stage.daemon.process().wait().exit_code == 0);
  const auto took = std::chrono::duration_cast<Milliseconds>(clock.now() - asked);
  CHECK(took <= limits::kDrain + Milliseconds(2000));
  for (const auto& one : all) CHECK(one->finished() == one->plan().name.starts_with("case-ends-"));

  stage.model.stall(nullptr);
  stage.start();
  auto rest = [&]() -> Task<> {
    Nursery clients(loop);
    for (const auto& one : all)
      if (!one->finished())
        clients.spawn("client", [&one, url = stage.daemon.url()] { return one->follow(url); });
    co_await clients.join();
  };
  fakes::run(loop, rest());
  for (const auto& one : all) {
    REQUIRE(one->finished());
    fakes::run(loop, one->read_again(stage.daemon.url()));
    for (const std::string& wrong : one->violations(stage.ledger)) FAIL_CHECK(wrong);
  }
  CHECK(stage.daemon.stop().exit_code == 0);
  MESSAGE(kStreams, " streams, ", took.count(), " ms from SIGTERM to the end");
}
