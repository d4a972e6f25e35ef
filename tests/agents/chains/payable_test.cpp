#include "tests/agents/chains/chain_world.h"

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

/// A chain of two calls whose model `m` costs more than `limits` has room for.
struct DearWorld : ChainWorld {
  explicit DearWorld(const std::string& limits, std::vector<ScriptedModel::Line> cheap)
      : ChainWorld(fmt::format("c: {{ {} steps: [ {{ model: m }}, {{ prompt: 'And {{input}}?' }}, "
                               "{{ model: m }} ] }}",
                               limits),
                   says({"dear", "dear"})),
        cheap_model(says(std::move(cheap))) {
    price = models::Price{.input = 1'000'000, .output = 1'000'000};
    other = cheap_model;
    falls_back = true;
  }
  void begin() { desk->replace_catalog(catalog()), resume(); }
  std::vector<std::string> in_ledger() {
    auto rows = fakes::run(loop, journal->usage({.by = store::UsageBy::model}));
    REQUIRE(rows);
    std::vector<std::string> models;
    for (const store::UsageRow& row : *rows) models.push_back(row.key);
    return models;
  }
  std::shared_ptr<ScriptedModel> cheap_model;
};

}  // namespace

TEST_CASE("where a cost is in the way of a chain's model, its first fallback that can be paid is asked") {
  std::string limits;
  BudgetSettings budgets;
  SUBCASE("the chain's own limit") {
    limits = "limits: { cost: 1 },";
  }
  SUBCASE("a budget that others spend from, too") {
    budgets.session.cost = 1;
  }
  DearWorld world(limits, {"one", "two"});
  world.cheap_model->usage = {.input_tokens = 30, .output_tokens = 2};
  world.budgets = budgets;
  world.begin();
  const Json end = world.ask("c", "Go");
  CHECK(end["status"] == "done");
  CHECK(end["cost"] == 0);
  CHECK(world.last("answer")["text"] == "two");
  CHECK(world.model->calls() == 0);
  CHECK(world.count("warning") == 1);  // and not one a call
  CHECK(world.last("warning")["text"] == "`m` is beyond a budget; model `n` is asked");
  CHECK(world.in_ledger() == std::vector<std::string>{"n"});
}

TEST_CASE("without a fallback, or where tokens are in the way, the chain ends at its limit") {
  std::string limits = "limits: { cost: 1 },";
  std::string reason = "max_cost";
  bool falls_back = false;
  SUBCASE("no fallback") {}
  SUBCASE("tokens") {
    limits = "limits: { tokens: 1 },";
    reason = "max_tokens";
    falls_back = true;
  }
  DearWorld world(limits, {"one"});
  world.falls_back = falls_back;
  world.begin();
  CHECK(world.ask("c", "Go")["reason"] == reason);
  CHECK(world.model->calls() + world.cheap_model->calls() == 0);
}

TEST_CASE("what a crash took of a fallback that was asked first is charged at its price, under its name") {
  DearWorld world("limits: { cost: 1 },", {ScriptedModel::Hang{}, "one", "two"});
  world.begin();
  const std::string session = world.session("c");
  auto run = world.submit(session, "Go");
  REQUIRE(run);
  world.until([&] { return world.cheap_model->calls() == 1; });
  world.close();
  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(world.last("answer")["text"] == "two");
  CHECK(world.in_ledger() == std::vector<std::string>{"n"});
}
