#include "tests/agents/chains/chain_world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

const std::string kAsk = "ask: { model: m, steps: [ { retrieve: handbook }, { combine: stuff } ] }";

const models::ModelUse kUse{.model = "embeddings/e", .usage = {.input_tokens = 50}, .cost = 0.25, .ms = 3};

/// What the ledger has of what searches asked.
store::Used in_ledger(ChainWorld& world) {
  auto rows = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
  REQUIRE(rows);
  for (const store::UsageRow& row : *rows)
    if (row.key == kUse.model) return row.used;
  return {};
}

std::vector<std::string> warnings(const ChainWorld& world) {
  std::vector<std::string> texts;
  for (const Frame& frame : world.frames)
    if (frame.type == "warning") {
      const Json told = *parse_json(*frame.text);
      texts.push_back(string_or(told, "code") + ": " + string_or(told, "text"));
    }
  return texts;
}

}  // namespace

TEST_CASE("what a search spent counts once, whether it finds something or fails") {
  ChainWorld world(kAsk, says({"Thirty days [1]."}));
  world.knowledge.hits = {hit(1, "Leave is thirty days.")};
  world.knowledge.uses = {kUse};
  std::string status = "done";
  SUBCASE("it finds something") {}
  SUBCASE("it fails") {
    world.knowledge.error = Error{ErrorCode::store, "the disk is gone"};
    status = "failed";
  }
  world.resume();
  const Json end = world.ask("ask", "Well?");
  CHECK(end["status"] == status);
  CHECK(end["input_tokens"] == 50);
  CHECK(end["cost"] == 0.25);
  CHECK(in_ledger(world).calls == 1);
  CHECK(in_ledger(world).input_tokens == 50);
  CHECK(world.frames[2].type == "usage");
}

TEST_CASE("what a search spent counts where the run was cancelled, or its time was over, meanwhile") {
  ChainWorld world(
      "ask: { model: m, limits: { time: 100ms }, steps: [ { retrieve: handbook }, { combine: stuff } ] }",
      says({}));
  world.knowledge.uses = {kUse};
  world.knowledge.hang = true;
  world.resume();
  auto run = world.submit(world.session("ask"), "Well?");
  REQUIRE(run);
  std::string status = "limit";
  SUBCASE("over") {}
  SUBCASE("cancelled") {
    world.until([&] { return !world.knowledge.queries.empty(); });
    REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "acme"}, run->run, CancelMode::now)));
    status = "cancelled";
  }
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == status);
  CHECK(world.last("run.finished")["input_tokens"] == 50);
  CHECK(in_ledger(world).calls == 1);
}

TEST_CASE("what a search spent before a shutdown is on disk, and counts beside what it spends again") {
  ChainWorld world(kAsk, says({"Thirty days [1]."}));
  world.knowledge.hits = {hit(1, "Leave is thirty days.")};
  world.knowledge.uses = {kUse};
  world.knowledge.hang = true;
  world.resume();
  const std::string session = world.session("ask");
  auto run = world.submit(session, "Well?");
  REQUIRE(run);
  world.until([&] { return !world.knowledge.queries.empty(); });
  world.close();

  world.knowledge.hang = false;
  world.open();
  CHECK(in_ledger(world).calls == 1);
  world.watch(session);
  world.resume();
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(world.last("run.finished")["input_tokens"] == 100);
  CHECK(world.last("run.finished")["cost"] == 0.5);
  CHECK(in_ledger(world).calls == 2);
}

TEST_CASE("what a search spent counts against the run's limit before the model is asked") {
  ChainWorld world(
      "ask: { model: m, limits: { tokens: 60 }, steps: [ { retrieve: handbook }, { combine: stuff } ] }",
      says({}));
  world.knowledge.uses = {kUse};
  world.resume();
  CHECK(world.ask("ask", "Well?")["reason"] == "max_tokens");
  CHECK(world.model->calls() == 0);
}

TEST_CASE("what a search did otherwise than asked for is a warning, once in a run") {
  ChainWorld world(R"(
ask:
  model: m
  steps:
    - parallel:
        one: [ { retrieve: handbook }, { combine: stuff } ]
        two: [ { retrieve: handbook }, { combine: stuff } ]
)",
                   says({"No.", "No."}));
  world.knowledge.remarks = {"knowledge base `handbook` holds nothing yet",
                             "the sentences were chosen alone"};
  world.resume();
  CHECK(world.ask("ask", "Well?")["status"] == "done");
  CHECK(warnings(world) ==
        std::vector<std::string>{"search_remark: knowledge base `handbook` holds nothing yet",
                                 "search_remark: the sentences were chosen alone"});
  world.frames.clear();
  world.model->say("No.");
  world.model->say("No.");
  CHECK(world.ask("ask", "And now?")["status"] == "done");
  CHECK(warnings(world).size() == 2);  // of another run
}

TEST_CASE("a remark that a warning told of already is not told again") {
  ChainWorld world(kAsk, says({"No."}));
  world.knowledge.remarks = {"the model did not put the hits in order"};
  world.knowledge.warns = "the model did not put the hits in order";
  world.resume();
  world.ask("ask", "Well?");
  CHECK(warnings(world) ==
        std::vector<std::string>{"rerank_failed: the model did not put the hits in order"});
}

TEST_CASE("a remark that was told before a shutdown is not told again by the next process") {
  auto model = says({ScriptedModel::Hang{}, "No."});
  ChainWorld world(
      "ask: { model: m, steps: [ { retrieve: handbook }, { combine: stuff }, { retrieve: handbook }, { "
      "combine: stuff } ] }",
      model);
  world.knowledge.remarks = {"it holds nothing yet"};
  world.resume();
  const std::string session = world.session("ask");
  auto run = world.submit(session, "Well?");
  REQUIRE(run);
  world.until([&] { return model->calls() == 1; });
  world.close();
  CHECK(warnings(world).size() == 1);
  model->say("No.");
  world.open();
  world.watch(session);
  world.resume();
  world.finished(run->run);
  CHECK(world.last("run.finished")["status"] == "done");
  CHECK(warnings(world).size() == 1);
}
