// What crosses threads between a plugin and its host, in this process and in a worker.
#include "tests/plugins/plugin_stage.h"

#include <array>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace {

/// How calls ended.
struct Ends {
  int good = 0;
  int cancelled = 0;
  int killed = 0;  // with their worker, where a call beside them was slow to hear of its cancel
  int other = 0;
  void count(const Result<PluginAnswer>& answer) {
    if (answer)
      ++good;
    else if (answer.error().code == ErrorCode::cancelled)
      ++cancelled;
    else
      ++(answer.error().message.contains("a call did not end when it was told to") ? killed : other);
  }
};

/// Rounds of calls that end on the plugin's thread while others of them are cancelled on ours.
Ends wait_and_cancel(Staged& staged, int rounds) {
  constexpr int kAtOnce = 32;
  Ends ends;
  for (int round = 0; round < rounds; ++round) {
    std::array<Stop, kAtOnce> stops;
    Nursery nursery(staged.loop);
    std::vector<Loop::Alarm> alarms;
    for (int i = 0; i < kAtOnce; ++i) {
      nursery.spawn("a call", [&, i]() -> Task<> {
        ends.count(co_await staged.begin("wait", i % 4 == 0 ? R"({"seconds":10})" : R"({"seconds":0.003})",
                                         stops[static_cast<std::size_t>(i)], 60s));
      });
      // Some long before their end, some about when they end.
      if (i % 2 == 0)
        alarms.push_back(staged.loop.at(staged.clock.now() + Milliseconds(i % 7), [&stops, i] {
          stops[static_cast<std::size_t>(i)].request(StopReason::cancelled);
        }));
    }
    fakes::run(staged.loop, nursery.join());
  }
  return ends;
}

void hold(const std::string& isolation) {
  PluginSettings settings{.name = "timer", .path = TROUPE_TIMER_PLUGIN, .isolation = isolation};
  settings.config = {{"tick_ms", 1}};
  Staged staged(settings, {.workers = 1});
  REQUIRE_MESSAGE(!staged.why_not, staged.why_not->message);
  const Ends ends = wait_and_cancel(staged, 10);
  CHECK(ends.good + ends.cancelled + ends.killed == 320);
  CHECK(ends.other == 0);
  CHECK(ends.good + ends.killed >= 160);      // those that nobody cancels
  CHECK(ends.cancelled + ends.killed >= 80);  // those that end in no other way
  CHECK((isolation == "process" || ends.killed == 0));
  CHECK(staged.text("wait", R"({"seconds":0})") == "0 seconds are over");
}

}  // namespace

TEST_CASE("calls that end on the plugin's thread and are cancelled on the daemon's end once, in the daemon") {
  hold("none");
}

TEST_CASE(
    "calls that end on the plugin's thread and are cancelled on the worker's other end once, in a worker") {
  hold("process");
}

TEST_CASE("a call that is finished on another thread, late and twice, is heard once") {
  for (const char* isolation : {"none", "process"}) {
    CAPTURE(isolation);
    PluginSettings settings = PluginSettings{.path = TROUPE_HOSTILE_PLUGIN};
    settings.isolation = isolation;
    Staged staged(settings, {.workers = 1});
    REQUIRE_MESSAGE(!staged.why_not, staged.why_not->message);
    Stop stop;
    const auto alarm =
        staged.loop.at(staged.clock.now() + 20ms, [&stop] { stop.request(StopReason::cancelled); });
    const auto late = fakes::run(staged.loop, staged.begin("late", "{}", stop, 60s));
    CHECK((late || late.error().code == ErrorCode::cancelled));
    if (std::string(isolation) == "process") CHECK(staged.text("echo") == "{}");
  }
}
