#include "agents/budgets/account.h"
#include "agents/runs/run_target.h"
#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// Takes the run up as a desk does, but already told to stop.
void take_up_and_stop(World& world, const std::string& run, StopReason reason) {
  auto row = fakes::run(world.loop, world.journal->find_run(run));
  REQUIRE(row);
  REQUIRE(*row);
  auto facts = fakes::run(world.loop, world.journal->read_facts(run));
  auto events = fakes::run(world.loop, world.journal->read_run_events(run));
  REQUIRE(facts);
  REQUIRE(events);
  const auto target = find_target(*world.catalog("a", "hash"), "a");
  auto start = target->take_up(**row, Json::object(), *facts, *events);
  REQUIRE(start);
  Account account{BudgetSettings{}};
  SystemRng rng;
  Stop stop;
  stop.request(reason);
  const auto driver = (*start)->begin({.loop = world.loop,
                                       .journal = *world.journal,
                                       .account = account,
                                       .secrets = {},
                                       .rng = rng,
                                       .bus = *world.bus},
                                      **row, true, stop);
  fakes::run(world.loop, driver->run());
}

/// A run whose daemon ended while its one call was made.
std::string interrupted_in_a_call(World& world) {
  world.tool->hang = true;
  world.resume();
  const std::string session = world.session();
  auto accepted = world.submit(session, "what is it?");
  REQUIRE(accepted);
  world.until([&] { return !world.tool->keys.empty(); });
  world.close();
  world.frames.clear();
  world.open();
  world.watch(session);
  return accepted->run;
}

}  // namespace

TEST_CASE("a run that is cancelled as it is taken up counts what it used, and leaves no call open") {
  auto model = says({kCall});
  model->usage = {.input_tokens = 100, .output_tokens = 20};
  World world(model);
  const std::string run = interrupted_in_a_call(world);
  take_up_and_stop(world, run, StopReason::cancelled);

  CHECK(world.types() == std::vector<std::string>{"observation", "run.finished"});
  CHECK(world.last("observation")["call"] == "c_1");
  CHECK(world.last("observation")["error"] == "not called: the run was stopped");
  CHECK(world.last("run.finished")["status"] == "cancelled");
  CHECK(world.last("run.finished")["input_tokens"] == 100);
  CHECK(world.last("run.finished")["output_tokens"] == 20);
  CHECK(world.tool->keys.size() == 1);
  CHECK(model->calls() == 1);
}

TEST_CASE("a call that had left before a crash is told as unknown, also where the run is stopped by then") {
  World world(says({kCall}));
  world.tool = std::make_shared<fakes::TestTool>(
      "look", tools::Effect::at_most_once,
      [](const tools::ToolInput&) { return tools::ToolOutput{"forty-two", {}}; });
  world.close();
  world.open();
  const std::string run = interrupted_in_a_call(world);
  take_up_and_stop(world, run, StopReason::cancelled);
  REQUIRE(world.seen("observation"));
  CHECK(world.last("observation")["error"].get<std::string>().starts_with("outcome unknown"));
  CHECK(world.tool->keys.size() == 1);
}

TEST_CASE(
    "a run whose time is over when it is taken up answers what was called before it asks for an answer") {
  World world(says({kCall, kAnswer}), {}, {.time = 5min}, {.agent = {.on_limit = OnLimit::answer}});
  const std::string run = interrupted_in_a_call(world);
  take_up_and_stop(world, run, StopReason::deadline);
  CHECK(world.types().front() == "observation");
  CHECK(world.last("run.finished")["reason"] == "max_time");
}

TEST_CASE("a run that is taken up only to be left again writes nothing") {
  World world(says({kCall}));
  const std::string run = interrupted_in_a_call(world);
  take_up_and_stop(world, run, StopReason::shutdown);
  CHECK(world.types().empty());
}
