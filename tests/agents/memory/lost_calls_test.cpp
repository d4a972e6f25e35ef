#include "agents/runs/memory_calls.h"
#include "tests/agents/witness.h"

#include <utility>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

World::More with_summaries(std::shared_ptr<models::Model> notes) {
  World::More more;
  more.agent.memory = {.type = "summary", .model = "notes"};
  more.judges["notes"] = std::move(notes);
  more.judge_price = models::Price{.input = 10, .output = 100};
  return more;
}

std::shared_ptr<ScriptedModel> summariser(ScriptedModel::Line line = std::string("The notes.")) {
  auto notes = says({std::move(line), std::string("The notes."), std::string("The notes.")});
  notes->usage = {.input_tokens = 1'000, .output_tokens = 100};
  return notes;
}

std::string say(World& world, const std::string& session, std::string text) {
  auto run = world.submit(session, std::move(text));
  REQUIRE(run);
  world.finished(run->run);
  fakes::run(world.loop, world.desk->settle(10s));
  return run->run;
}

store::Used used_by(World& world, std::string_view model) {
  auto ledger = fakes::run(world.loop, world.journal->usage({.by = store::UsageBy::model}));
  REQUIRE(ledger);
  for (const store::UsageRow& row : *ledger)
    if (row.key == model) return row.used;
  return {};
}

std::size_t facts_of(World& world, const std::string& session, std::string kind) {
  auto facts = fakes::run(world.loop, world.journal->session_facts(session, std::move(kind)));
  REQUIRE(facts);
  return facts->size();
}

// What a crash in the middle of a call leaves behind.
void crashed_in(World& world, const std::string& run, std::int64_t input, std::string agent = "a") {
  store::Append append;
  append.facts.push_back(
      memory_intent(run, {.agent = std::move(agent), .model = "notes", .input = input, .cost = 0.5}));
  REQUIRE(fakes::run(world.loop, world.journal->commit(std::move(append))));
}

}  // namespace

TEST_CASE("a memory's call is in the journal before it leaves, and has an end there whatever becomes of it") {
  const ScriptedModel::Line endings[] = {std::string("The notes."),
                                         Error{.code = ErrorCode::model, .message = "out of order"},
                                         ScriptedModel::Break{.text = "The no"}};
  for (const ScriptedModel::Line& ending : endings) {
    World world(says({kAnswer, kAnswer}), {}, {}, with_summaries(summariser(ending)));
    world.resume();
    const std::string session = world.session();
    say(world, session, "one");
    CHECK(facts_of(world, session, "memory.intent") == 0);  // there was nothing to summarise
    say(world, session, "two");
    CHECK(facts_of(world, session, "memory.intent") == 1);
    CHECK(facts_of(world, session, "memory.used") == 1);
  }
}

TEST_CASE("a stop that cuts a summary off counts its request, and the next start does not count it again") {
  const auto notes = summariser(ScriptedModel::Hang{});
  World world(says({kAnswer, kAnswer, kAnswer}), {}, {}, with_summaries(notes));
  world.resume();
  const std::string session = world.session();
  say(world, session, "one");
  auto run = world.submit(session, "two");
  world.finished(run->run);
  world.until([&] { return notes->calls() == 1; });
  CHECK(facts_of(world, session, "memory.intent") == 1);
  CHECK(facts_of(world, session, "memory.used") == 0);
  CHECK(used_by(world, "notes").calls == 0);
  world.close();

  world.open();
  const store::Used cut = used_by(world, "notes");
  CHECK(cut.calls == 1);
  CHECK(cut.input_tokens > 0);
  CHECK(cut.cost == doctest::Approx(static_cast<double>(cut.input_tokens) * 10 / 1e6));
  Account account;
  CHECK(fakes::run(world.loop, count_lost_memory_calls(*world.journal, account, world.clock, 100)));
  CHECK(used_by(world, "notes").calls == 1);
}

TEST_CASE("what a crash took of a memory's calls is counted once: before the next call of that memory") {
  World world(says({kAnswer, kAnswer, kAnswer}), {}, {}, with_summaries(summariser()));
  world.resume();
  const std::string session = world.session();
  const std::string first = say(world, session, "one");
  crashed_in(world, first, 700);
  crashed_in(world, first, 5'000, "another");  // whose memory may be at work
  say(world, session, "two");
  const store::Used after = used_by(world, "notes");
  CHECK(after.calls == 2);
  CHECK(after.input_tokens == 1'700);
  CHECK(after.output_tokens == 100);
  CHECK(after.cost == doctest::Approx(0.5 + 0.02));
  say(world, session, "three");
  CHECK(used_by(world, "notes").input_tokens == 2'700);
}

TEST_CASE("a crash's call counts against the budgets before the next one is asked for") {
  World::More more = with_summaries(summariser());
  more.budgets.session.tokens = 5'000;
  World world(says({kAnswer, kAnswer}), {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  crashed_in(world, say(world, session, "one"), 6'000);
  say(world, session, "two");
  CHECK(facts_of(world, session, "memory.intent") == 1);
  world.until([&] { return !world.last("warning").is_null(); });  // nobody waits for it but who watches
  CHECK(world.last("warning")["code"] == "memory_degraded");
}

TEST_CASE("a start counts what a crash took in the sessions that were at work last, once") {
  World world(says({kAnswer, kAnswer, kAnswer}), {}, {}, with_summaries(summariser()));
  world.resume();
  const std::string session = world.session();
  const std::string run = say(world, session, "one");
  const std::string other = say(world, world.session(), "one");
  crashed_in(world, run, 700);
  crashed_in(world, run, 70, "another");
  crashed_in(world, other, 7);
  Account account({.session = {.tokens = 1'000}});
  account.enter(session);
  for (int start = 0; start < 2; ++start)
    REQUIRE(fakes::run(world.loop, count_lost_memory_calls(*world.journal, account, world.clock, 100)));
  CHECK(used_by(world, "notes").calls == 3);
  CHECK(used_by(world, "notes").input_tokens == 777);
  CHECK(account.hold({"default", session}, 200, std::nullopt, world.clock.wall_ms()));
  CHECK_FALSE(account.hold({"default", session}, 231, std::nullopt, world.clock.wall_ms()));
}

TEST_CASE("each end of a run's calls is of one of them, and a damaged intent is an error") {
  const auto intent = [](const char* run, std::int64_t input) {
    return memory_intent(run, {.agent = "a", .model = "m", .input = input, .cost = 0.25});
  };
  const std::vector<store::Fact> intents{intent("r1", 1), intent("r1", 2), intent("r2", 3)};
  CHECK(lost_memory_calls({}, {})->empty());
  CHECK(lost_memory_calls(intents, {})->size() == 3);
  const auto lost = lost_memory_calls(intents, {memory_used("r1", {}, 0), memory_used("r2", {}, 0)});
  REQUIRE(lost);
  REQUIRE(lost->size() == 1);
  CHECK(lost->front().run == "r1");
  CHECK(lost->front().call.input == 2);
  CHECK(lost->front().call.cost == 0.25);
  CHECK(lost->front().call.model == "m");
  store::Fact damaged = intent("r1", 1);
  damaged.body = "{";
  REQUIRE_FALSE(lost_memory_calls({damaged}, {}));
  CHECK(lost_memory_calls({damaged}, {}).error().message.contains("run r1"));
}
