// What is dropped of runs that ended long ago, what is not, and what can be done with such a run after that.
#include "agents/compaction/compactor.h"

#include "agents/compaction/compacted.h"
#include "agents/compaction/offline.h"
#include "runtime/store/gap.h"
#include "runtime/store/store_reader.h"
#include "tests/agents/teams/team_world.h"
#include "tests/agents/world.h"

#include <set>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

void change(const std::string& path, const std::string& sql) {
  auto file = store::Database::open(path + "/journal.db", store::Database::Mode::write);
  REQUIRE(file.has_value());
  auto done = file->execute(sql.c_str());
  REQUIRE_MESSAGE(done.has_value(), done.error().message);
}

/// Makes all runs of a store ones that ended so long ago.
void age(const std::string& path, Milliseconds by) {
  change(path,
         fmt::format("UPDATE runs SET finished_ms = finished_ms - {} WHERE finished_ms > 0", by.count()));
}

std::set<std::string> kinds_of(World& world, const std::string& run) {
  std::set<std::string> kinds;
  auto reader = store::open_store_reader(world.path());
  REQUIRE(reader);
  const auto facts = reader->facts(run);
  REQUIRE_MESSAGE(facts, facts.error().message);
  for (const store::Fact& fact : *facts) kinds.emplace(fact.kind);
  return kinds;
}

std::vector<std::string> events_of(World& world, const std::string& session) {
  std::vector<std::string> texts;
  const auto frames = fakes::run(world.loop, world.journal->read_events(session, 0, 1'000));
  REQUIRE_MESSAGE(frames, frames.error().message);
  for (const Frame& frame : *frames) texts.push_back(*frame.text);
  return texts;
}

CompactedRuns sweep(World& world, Milliseconds compact_after = 24h) {
  Workers workers(1);
  Compactor compactor(world.loop, *world.journal, workers, world.path());
  Stop stop;
  const auto swept = fakes::run(world.loop, compactor.sweep(compact_after, stop));
  REQUIRE_MESSAGE(swept, swept.error().message);
  return *swept;
}

std::string whole_run(World& world, const std::string& session, std::string text = "what is it?") {
  const auto accepted = world.submit(session, std::move(text));
  REQUIRE(accepted);
  world.finished(accepted->run);
  return accepted->run;
}

/// The world's runs are of a configuration in which no memory recalls steps.
void configured(World& world) {
  const auto hash = fakes::run(world.loop, world.journal->put_blob(R"({"version":1})"));
  REQUIRE(hash);
  world.close();
  world.config = *hash;
  world.open();
  world.resume();
}

std::string day_of(World& world) {
  return rfc3339(world.clock.wall_ms()).substr(0, 10);
}

}  // namespace

TEST_CASE("of a run that ended long ago its facts go, and all that people see stays") {
  auto model = says({kCall, kAnswer, kAnswer, kAnswer});
  model->usage = {.input_tokens = 10, .output_tokens = 2};
  World world(model);
  configured(world);
  const std::string session = world.session();
  const std::string old = whole_run(world, session);
  age(world.path(), 48h);
  const std::string young = whole_run(world, session);
  const auto events = events_of(world, session);
  const auto young_facts = kinds_of(world, young);

  const CompactedRuns swept = sweep(world);
  CHECK(swept.runs == 1);
  CHECK(swept.facts >= 5);
  CHECK(swept.bytes > 1'000);
  CHECK(kinds_of(world, old) == std::set<std::string>{"run.compacted"});
  CHECK(kinds_of(world, young) == young_facts);
  CHECK(events_of(world, session) == events);
  const auto row = fakes::run(world.loop, world.journal->find_run(old));
  CHECK((*row)->answer == "It is 42.");
  CHECK((*row)->input_tokens == 20);
  const auto used = fakes::run(world.loop, world.journal->usage({.session = session}));
  CHECK(used->front().used.calls == 3);
  CHECK(sweep(world).runs == 0);

  // The next turn, and a restart, go on from it.
  world.close();
  world.open();
  world.resume();
  world.watch(session);
  whole_run(world, session);
  CHECK(sweep(world, -1h).runs == 2);
}

TEST_CASE("a compacted run is not replayed, forked or resumed, and it is said why") {
  World::More more;
  World world(says({kCall, kCall, kCall, kAnswer}), {}, {.steps = 2}, std::move(more));
  configured(world);
  const std::string run = whole_run(world, world.session());
  const std::string before = "it was compacted on " + day_of(world);
  REQUIRE(sweep(world, -1h).runs == 1);

  const auto replayed = world.replay_of(run);
  REQUIRE_MESSAGE(replayed, replayed.error().message);
  CHECK(replayed->outcome == Replayed::Outcome::skipped);
  CHECK(replayed->why.starts_with(before));
  CHECK(replayed->why.contains("replayed"));
  for (const bool resumes : {false, true}) {
    ForkOrder order{.principal = {"p", "default"}, .run = run};
    order.resumes = resumes;
    const auto forked = fakes::run(world.loop, world.desk->fork(std::move(order)));
    REQUIRE_FALSE(forked);
    CHECK(forked.error().code == ErrorCode::conflict);
    CHECK(forked.error().message.contains(before));
    CHECK(forked.error().message.contains(resumes ? "resumed" : "forked"));
  }
}

TEST_CASE("a fork copies compacted turns before its run as they are, and goes on from them") {
  World::More more;
  more.agent.memory = {.type = "buffer"};
  World world(says({kCall, kAnswer, kAnswer, kAnswer}), {}, {}, std::move(more));
  configured(world);
  const std::string session = world.session();
  const std::string old = whole_run(world, session, "first");
  age(world.path(), 48h);
  const std::string young = whole_run(world, session, "second");
  REQUIRE(sweep(world).runs == 1);
  ForkOrder order{.principal = {"p", "default"}, .run = young};
  order.from = 1;
  const auto forked = fakes::run(world.loop, world.desk->fork(std::move(order)));
  REQUIRE_MESSAGE(forked, forked.error().message);
  world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
  const auto row = fakes::run(world.loop, world.journal->find_run(forked->run));
  CHECK((*row)->status == "done");
  CHECK(world.replay_of(young)->outcome == Replayed::Outcome::same);
}

TEST_CASE("what is at work, waits, was quarantined or is young stays as it is") {
  auto model = says({kAnswer, kCall, kAnswer});
  World::More more;
  more.agent.approve = {"look"};
  World world(model, {}, {}, std::move(more));
  configured(world);
  const std::string session = world.session();
  const std::string first = whole_run(world, session);
  REQUIRE(world.submit(session, "go on"));
  world.until([&] { return world.seen("approval.required"); });
  const std::string other = world.session();
  const std::string aside = whole_run(world, other);
  age(world.path(), 48h);
  CHECK(sweep(world, 72h).runs == 0);
  change(world.path(), fmt::format("UPDATE runs SET reason = 'quarantined' WHERE id = '{}'", aside));
  CHECK(sweep(world).runs == 0);  // the one beside a run that waits, and the one that was set aside
  CHECK_FALSE(kinds_of(world, first).contains("run.compacted"));
  change(world.path(), fmt::format("UPDATE runs SET reason = 'final_answer' WHERE id = '{}'", aside));
  CHECK(sweep(world).runs == 1);
  CHECK(kinds_of(world, aside).contains("run.compacted"));
}

TEST_CASE("the runs of a team go with the run that somebody asked for, not before it") {
  TeamWorld world("writer: { role: writer, model: m }\n", R"(
report:
  pattern: sequential
  tasks:
    - { name: write, agent: writer, description: "Write it up" }
)",
                  [](const std::string&, const std::string&) -> ScriptedModel::Line { return kAnswer; });
  world.resume();
  const Json end = world.ask("report", "Please report");
  const std::string path = world.path();
  const std::string root = end.at("run");
  change(path, fmt::format("UPDATE runs SET finished_ms = finished_ms - 999999999 WHERE id <> '{}'", root));
  Workers workers(1);
  Compactor compactor(world.loop, *world.journal, workers, path);
  Stop stop;
  CHECK(fakes::run(world.loop, compactor.sweep(24h, stop))->runs == 0);
  change(path, "UPDATE runs SET finished_ms = finished_ms - 999999999");
  CHECK(fakes::run(world.loop, compactor.sweep(24h, stop))->runs == 2);
}

TEST_CASE("steps that a memory recalls stay, so later runs are given the same, and replay") {
  World::More more;
  more.agent.memory = {.type = "buffer", .steps = true};
  World world(says({kCall, kAnswer, kAnswer, kAnswer}), {}, {}, std::move(more));
  const auto hash =
      fakes::run(world.loop, world.journal->put_blob(R"({"agents":{"a":{"memory":{"steps":true}}}})"));
  world.close();
  world.config = *hash;
  world.open();
  world.resume();
  const std::string session = world.session();
  const std::string old = whole_run(world, session, "first");
  age(world.path(), 48h);
  const std::string young = whole_run(world, session, "second");
  REQUIRE(sweep(world).runs == 1);
  CHECK(kinds_of(world, old) == std::set<std::string>{"model.intent", "run.compacted"});
  CHECK(world.replay_of(young)->outcome == Replayed::Outcome::same);
  CHECK(sweep(world).runs == 0);
}

TEST_CASE("a store is whole after every single fact that goes, in whatever order they go") {
  for (const bool backwards : {false, true}) {
    CAPTURE(backwards);
    auto model = says({kCall, kCall, kAnswer});
    model->usage = {.input_tokens = 10, .output_tokens = 2};
    World world(model);
    configured(world);
    const std::string run = whole_run(world, world.session());
    const auto facts = fakes::run(world.loop, world.journal->read_facts(run));
    const auto count = static_cast<std::int64_t>(facts->size());
    for (std::int64_t i = 1; i <= count; ++i) {
      const std::int64_t n = backwards ? count + 1 - i : i;
      store::Append append;
      append.facts.push_back(store::dropping(run, n, n));
      if (i == 1) append.facts.push_back(to_fact({.at_ms = 1, .facts = count}, run));
      REQUIRE(fakes::run(world.loop, world.journal->commit(std::move(append))));
      expect_whole(world.path());
      const auto left = fakes::run(world.loop, world.journal->read_facts(run));
      REQUIRE_MESSAGE(left, left.error().message);
      CHECK(left->size() == static_cast<std::size_t>(count - i + 1));
    }
  }
}

TEST_CASE("a sweep that is stopped, or a store that is compacted in part, is gone on with") {
  World world(says({kCall, kAnswer}));
  configured(world);
  const std::string run = whole_run(world, world.session());
  Stop asked;
  asked.request(StopReason::cancelled);
  Workers workers(1);
  Compactor compactor(world.loop, *world.journal, workers, world.path());
  CHECK(fakes::run(world.loop, compactor.sweep(-1h, asked))->runs == 0);
  store::Append part;
  part.facts = {store::dropping(run, 1, 2), to_fact({.at_ms = 1}, run)};
  REQUIRE(fakes::run(world.loop, world.journal->commit(std::move(part))));
  CHECK(world.replay_of(run)->outcome == Replayed::Outcome::skipped);
  age(world.path(), 48h);
  compactor.begin(24h);
  world.until([&] { return kinds_of(world, run).size() == 1; });
  fakes::run(world.loop, compactor.close());
  const auto facts = fakes::run(world.loop, world.journal->read_facts(run));
  CHECK(compacted_in(*facts)->at_ms == 1);  // since when it is so
}

TEST_CASE("a store that nobody has is compacted by hand, and stays one that was not closed") {
  World world(says({kCall, kAnswer}));
  configured(world);
  const std::string run = whole_run(world, world.session());
  world.close();
  change(world.path(), "UPDATE meta SET value = 0 WHERE key = 'clean'");
  auto lock = store::StoreLock::acquire(world.path());
  REQUIRE(lock);
  const std::int64_t now = world.clock.wall_ms();
  int told = 0;
  auto compacted = compact_runs(*lock, world.path(), now + 1, now,
                                [&](std::int64_t, std::int64_t, std::int64_t) { ++told; });
  REQUIRE_MESSAGE(compacted, compacted.error().message);
  CHECK(compacted->runs == 1);
  CHECK(told == 1);
  CHECK(compact_runs(*lock, world.path(), now + 1, now, [](auto...) {})->runs == 0);
  CHECK(compact_runs(*lock, world.path() + "/nowhere", now, now, [](auto...) {}).error().code ==
        ErrorCode::not_found);
  world.open();
  CHECK(world.journal->unclean_start());
  CHECK(kinds_of(world, run) == std::set<std::string>{"run.compacted"});
}
