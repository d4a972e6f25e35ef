#include "tests/agents/world.h"

#include <algorithm>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const models::ModelUse kUse{
    .model = "embeddings/e", .usage = {.input_tokens = 40, .output_tokens = 2}, .cost = 0.5, .ms = 3};

/// What the ledger has of the model that the tool asked.
store::Used in_ledger(World& world) {
  auto rows = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
  REQUIRE(rows);
  for (const store::UsageRow& row : *rows)
    if (row.key == kUse.model) return row.used;
  return {};
}

void check_counted(World& world, const std::string& run, int times) {
  auto events = fakes::run(world.loop, world.journal->read_run_events(run));
  REQUIRE(events);
  const auto told = std::ranges::count(*events, std::string_view("usage"), &Frame::type);
  CHECK(told == times + 1);  // one is of the run's own model
  CHECK(world.last("run.finished")["input_tokens"] == 40 * times);
  CHECK(world.last("run.finished")["output_tokens"] == 2 * times);
  CHECK(world.last("run.finished")["cost"] == 0.5 * times);
  CHECK(in_ledger(world).calls == times);
  CHECK(in_ledger(world).input_tokens == 40 * times);
  CHECK(in_ledger(world).cost == 0.5 * times);
}

}  // namespace

TEST_CASE("what a tool spends on models counts once, whether its call brings something or fails") {
  bool works = true;
  SUBCASE("it works") {}
  SUBCASE("it fails") {
    works = false;
  }
  World world(says({kCall, kAnswer}));
  world.close();
  world.tool = std::make_shared<fakes::TestTool>(
      "look", tools::Effect::pure, [works](const tools::ToolInput&) -> Result<tools::ToolOutput> {
        if (!works) return fail(ErrorCode::store, "the base cannot be read");
        return tools::ToolOutput{.text = "found", .sources = {}};
      });
  world.tool->spends = {kUse};
  world.open();
  world.resume();
  auto run = world.submit(world.session(), "q");
  REQUIRE(run);
  world.finished(run->run);
  CHECK(world.last("observation")["ok"] == works);
  CHECK(world.last("run.finished")["status"] == "done");
  check_counted(world, run->run, 1);
}

TEST_CASE("what a tool spent counts where its time was over, and where the run was cancelled meanwhile") {
  World world(says({kCall, kAnswer}), {}, {.tool_time = 20ms});
  world.tool->spends = {kUse};
  world.tool->hang = true;
  world.resume();
  auto run = world.submit(world.session(), "q");
  REQUIRE(run);
  SUBCASE("over") {
    world.finished(run->run);
    CHECK(world.last("observation")["error"].get<std::string>().contains("did not finish"));
    check_counted(world, run->run, 1);
  }
  SUBCASE("cancelled") {
    world.until([&] { return !world.tool->keys.empty(); });
    REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, run->run, CancelMode::now)));
    world.finished(run->run);
    CHECK(world.last("run.finished")["status"] == "cancelled");
    CHECK(world.last("run.finished")["input_tokens"] == 40);
    CHECK(in_ledger(world).calls == 1);
  }
}

TEST_CASE("what a tool spent before a shutdown is on disk, and counts beside what the call spends again") {
  std::string calls = kCall;
  SUBCASE("a call alone") {}
  SUBCASE("one of two calls") {
    calls =
        R"({"thought":"both","actions":[{"tool":"look","input":{"x":1}},{"tool":"look","input":{"x":2}}]})";
  }
  const int at_once = calls == kCall ? 1 : 2;
  World world(says({calls, kAnswer}));
  world.tool->spends = {kUse};
  world.tool->hang = true;
  world.resume();
  const std::string session = world.session();
  auto run = world.submit(session, "q");
  REQUIRE(run);
  world.until([&] { return world.tool->keys.size() == static_cast<std::size_t>(at_once); });
  world.close();

  world.tool->hang = false;
  world.open();
  CHECK(in_ledger(world).calls == at_once);
  world.watch(session);
  world.resume();
  world.finished(run->run);
  check_counted(world, run->run, 2 * at_once);
}
