#include "runtime/async/nursery.h"
#include "runtime/net/http_client.h"
#include "tests/crash/crash_stage.h"
#include "tests/fakes/chat_client.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <random>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::crash;

namespace {

constexpr std::size_t kAtOnce = 50;

std::ptrdiff_t descriptors(pid_t pid) {
  const std::filesystem::directory_iterator all(fmt::format("/proc/{}/fd", pid));
  return std::distance(begin(all), end(all));
}

/// One run that is cancelled so long after it was asked for; returns how long its end took from there.
Task<double> ask_and_cancel(Loop& loop, std::string url, std::string name, int after_ms) {
  fakes::ChatClient chat(loop);
  co_await chat.connect(std::move(url));
  co_await chat.open(R"(,"target":"native")");
  co_await chat.send(dump(Json{{"type", "message"}, {"id", "m1"}, {"text", name + " please"}}));
  const Json ack = (co_await chat.until("ack")).back();
  Stop never;
  co_await loop.sleep_for(Milliseconds(after_ms), never);
  co_await chat.send(dump(Json{{"type", "cancel"}, {"run", ack["run"]}}));
  const Instant asked = loop.clock().now();
  co_await chat.until("run.finished");
  const double ms = std::chrono::duration<double, std::milli>(loop.clock().now() - asked).count();
  co_await chat.close();
  co_return ms;
}

}  // namespace

TEST_CASE("a storm of cancels at random times leaves no descriptor, no connection and no run behind") {
  const int cancels = rounds("TROUPE_CANCELS", 100);
  CrashStage stage;
  stage.model.stall([](const std::string& plan) { return plan.back() % 3 == 0; });
  stage.ledger.delay([](const Json& body) { return std::chrono::milliseconds(body["x"] == 1 ? 20 : 1); });
  stage.start();
  SystemClock clock;
  Loop loop(clock);
  std::mt19937 random(12);
  std::vector<double> took;
  int asked = 0;
  auto storm = [&](int most) -> Task<> {
    Nursery nursery(loop);
    for (std::size_t i = 0; i < kAtOnce && asked < most; ++i, ++asked) {
      Plan plan = make_plan(fmt::format("case-{}", asked), random());
      plan.model_ms = 10;
      const int after = static_cast<int>(random() % 60);
      const std::string name = plan.name;
      stage.model.add(std::move(plan));
      nursery.spawn("client", [&, name, after]() -> Task<> {
        took.push_back(co_await ask_and_cancel(loop, stage.daemon.url(), name, after));
      });
    }
    co_await nursery.join();
  };
  auto quiet = [&] {
    auto http = net::make_curl_client(loop, {}, net::Guarding::open);
    Stop never;
    for (int i = 0; i < 10'000; ++i) {
      auto health = fakes::run(loop, http->fetch({.url = stage.daemon.url() + "/healthz"}, never));
      REQUIRE(health);
      const Json told = *parse_json(health->body);
      if (told["running"] == 0 && told["queued"] == 0 && stage.model.open() <= kAtOnce) return true;
      fakes::run(loop, loop.sleep_for(Milliseconds(1), never));
    }
    return false;
  };
  fakes::run(loop, storm(static_cast<int>(kAtOnce)));  // what is opened once and kept
  REQUIRE(quiet());
  const std::ptrdiff_t before = descriptors(stage.daemon.process().pid());
  took.clear();
  const int most = asked + cancels;
  while (took.size() < static_cast<std::size_t>(cancels)) fakes::run(loop, storm(most));
  REQUIRE(quiet());
  // Kept connections to models and tools come and go; they do not grow with the number of runs.
  CHECK(descriptors(stage.daemon.process().pid()) <= before + 4);
  CHECK(took.size() == static_cast<std::size_t>(cancels));
  std::ranges::sort(took);
  CHECK(stage.daemon.stop().exit_code == 0);
  MESSAGE(cancels, " cancels: p50 ", took[took.size() / 2], " ms, p99 ", took[took.size() * 99 / 100], " ms");
}
