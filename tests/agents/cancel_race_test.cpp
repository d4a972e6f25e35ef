#include "tests/agents/world.h"

#include <algorithm>
#include <map>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// What came of a run, as its journal has it.
struct Outcome {
  std::string status;
  int ends = 0;
  int dangling = 0;  ///< actions without an observation
  int after_end = 0;
};

Outcome outcome_of(World& world, const std::string& run) {
  auto events = fakes::run(world.loop, world.journal->read_run_events(run));
  REQUIRE(events);
  Outcome outcome;
  std::map<std::string, int> open;
  for (const Frame& frame : *events) {
    if (outcome.ends > 0) ++outcome.after_end;
    const Json event = *parse_json(*frame.text);
    if (frame.type == "action") ++open[string_or(event, "call")];
    if (frame.type == "observation") --open[string_or(event, "call")];
    if (frame.type != "run.finished") continue;
    ++outcome.ends;
    outcome.status = string_or(event, "status");
  }
  for (const auto& [call, count] : open) outcome.dangling += count;
  return outcome;
}

Task<> turns(Loop& loop, int count) {
  for (int i = 0; i < count; ++i) {
    OneShot<bool> next(loop);
    loop.post([&next] { next.set(true); });
    co_await next.wait();
  }
}

struct Race {
  const char* name;
  CancelMode mode;
  bool crash;  ///< the daemon ends so many turns after the cancel came, without a word
};
constexpr Race kRaces[] = {{"now", CancelMode::now, false},
                           {"after_step", CancelMode::after_step, false},
                           {"now, then the daemon ends", CancelMode::now, true},
                           {"after_step, then the daemon ends", CancelMode::after_step, true}};
constexpr int kTurns = 160;  // of the loop: beyond the end of the run

}  // namespace

TEST_CASE(
    "a cancel that comes before its run is taken up again counts, and what was under way is told as "
    "unknown") {
  auto model = says({kCall});
  World world(model);
  world.close();
  world.tool = std::make_shared<fakes::TestTool>("look", tools::Effect::at_most_once, nullptr);
  world.tool->hang = true;
  world.open();
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return world.tool->keys.size() == 1; });
  world.close();

  world.open();
  world.watch(session);
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now)));
  world.resume();
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "cancelled");
  CHECK(world.last("observation")["error"].get<std::string>().contains("outcome unknown"));
  CHECK(model->calls() == 1);
  CHECK(world.tool->keys.size() == 1);
  CHECK(outcome_of(world, run->run).ends == 1);
}

TEST_CASE("a run that this start cannot take up is not said to be cancelled") {
  auto model = says({ScriptedModel::Hang{}});
  World world(model);
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  world.until([&] { return model->calls() == 1; });
  world.close();
  world.config = "another";
  world.open();
  world.resume();
  const auto told = fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now));
  REQUIRE_FALSE(told);
  CHECK(told.error().code == ErrorCode::unavailable);
}

TEST_CASE("a cancel at any moment, and a crash right after it, has exactly one outcome") {
  std::map<std::string, int> seen;
  for (const Race& race : kRaces) {
    for (int at = 0; at < kTurns; at += 1 + at / 24) {
      CAPTURE(std::string(race.name));
      CAPTURE(at);
      World world(says({kCall, kAnswer, kCall, kAnswer, kAnswer}));
      world.resume();
      const std::string session = world.session();
      auto run = world.submit(session, "q");
      REQUIRE(run);
      fakes::run(world.loop, turns(world.loop, at));
      REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, race.mode)));
      if (race.crash) {
        fakes::run(world.loop, turns(world.loop, at % 5));
        world.close();
        world.open();
        world.watch(session);
        world.resume();
      }
      world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
      const Outcome outcome = outcome_of(world, run->run);
      CHECK(outcome.ends == 1);
      CHECK(outcome.dangling == 0);
      CHECK(outcome.after_end == 0);
      CHECK((outcome.status == "done" || outcome.status == "cancelled"));
      ++seen[outcome.status];
      // Once more comes too late, and changes nothing.
      REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, race.mode)));
      CHECK(outcome_of(world, run->run).ends == 1);
    }
  }
  CHECK(seen["done"] > 0);
  CHECK(seen["cancelled"] > 0);
}
