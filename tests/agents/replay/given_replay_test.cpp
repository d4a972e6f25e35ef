#include "agents/runs/turn_record.h"
#include "tests/agents/teams/team_world.h"
#include "tests/agents/world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

constexpr const char* kOther = R"({"thought":"no","final_answer":"It is 43."})";

std::string run_once(World& world, const std::string& session, std::string text = "what is it?") {
  auto accepted = world.submit(session, std::move(text));
  REQUIRE(accepted);
  world.finished(accepted->run);
  return accepted->run;
}

template <class AnyWorld>
Forked forked(AnyWorld& world, ForkOrder order, const std::string& tenant = "default") {
  order.principal = {"p", tenant};
  auto fork = fakes::run(world.loop, world.desk->fork(std::move(order)));
  REQUIRE_MESSAGE(fork, fork.error().message);
  world.watch(fork->session);
  world.until([&] { return world.desk->status().running + world.desk->status().queued == 0; });
  return *fork;
}

template <class AnyWorld>
void check_same(AnyWorld& world, const std::string& run) {
  auto replayed = world.replay_of(run);
  REQUIRE_MESSAGE(replayed, replayed.error().message);
  CAPTURE(replayed->why);
  CAPTURE((replayed->difference ? as_text(*replayed->difference) : std::string()));
  CHECK(replayed->outcome == Replayed::Outcome::same);
}

}  // namespace

TEST_CASE("a fork replays from where it began, on what it was given") {
  World world(says({kCall, kCall, kAnswer, kOther}));
  world.resume();
  const std::string run = run_once(world, world.session());
  ForkOrder order{.run = run, .from = 2};
  SUBCASE("a step is done anew") {}
  SUBCASE("with another observation") {
    order.outputs = {{"c_1", "fifty"}};
  }
  SUBCASE("with another message") {
    order.input = "how much?";
  }
  SUBCASE("from its first step") {
    order.from = 1;
  }
  const Forked fork = forked(world, order);
  check_same(world, fork.run);
  check_same(world, run);
  world.replays = false;
  world.limits().steps = 1;  // what it was given is left as it is, what it did is not
  auto now = world.replay_of(fork.run);
  REQUIRE(now);
  CHECK((now->outcome == Replayed::Outcome::differs) == (order.from > 1));
}

TEST_CASE("a fork of a fork, and a run that was resumed, replay") {
  World world(says({kCall, kCall, kCall, kOther, kOther}), {}, {.steps = 3, .repeats = 100});
  world.resume();
  const std::string run = run_once(world, world.session());
  const Forked resumed = forked(world, {.run = run, .resumes = true});
  check_same(world, resumed.run);
  const Forked again = forked(world, {.run = resumed.run, .from = 2});
  check_same(world, again.run);
}

TEST_CASE("a call that had left when its run was resumed replays as unknown") {
  World world(says({kCall, kAnswer}));
  world.close();
  world.tool = std::make_shared<fakes::TestTool>("look", tools::Effect::at_most_once, nullptr);
  world.tool->hang = true;
  world.open();
  world.resume();
  auto accepted = world.submit(world.session(), "what is it?");
  world.until([&] { return !world.tool->keys.empty(); });
  REQUIRE(fakes::run(world.loop, world.desk->cancel({"p", "default"}, accepted->run, CancelMode::now)));
  world.finished(accepted->run);
  check_same(world, accepted->run);
  check_same(world, forked(world, {.run = accepted->run, .resumes = true}).run);
}

TEST_CASE("turns that a fork copied were run elsewhere, and are skipped with that reason") {
  World::More more;
  more.agent.memory = {.type = "buffer"};
  World world(says({kAnswer, kAnswer, kOther}), {}, {}, more);
  world.resume();
  const std::string session = world.session();
  run_once(world, session, "I am Ada");
  const std::string second = run_once(world, session);
  const Forked fork = forked(world, {.run = second, .from = 1});
  check_same(world, fork.run);  // with what it remembers of the copied turn
  auto rows = fakes::run(world.loop, world.journal->list_runs("default", fork.session, 10));
  REQUIRE(rows->size() == 2);
  auto copied = world.replay_of(rows->back().id);
  REQUIRE(copied);
  CHECK(copied->outcome == Replayed::Outcome::skipped);
  CHECK(copied->why.contains("copied with the conversation before a fork"));
}

TEST_CASE("a run in a conversation that was imported replays with the turns before it") {
  World::More more;
  more.agent.memory = {.type = "buffer"};
  World world(says({kCall, kAnswer}), {}, {}, more);
  world.resume();
  const std::string session = world.session();
  const memory::DocumentTurn turn{.input = "I am Ada", .answer = "Hello Ada.", .status = "done"};
  store::Append imported = imported_run({.id = "r_01imported",
                                         .session = session,
                                         .tenant = "default",
                                         .target = "a",
                                         .agent = "a",
                                         .created_ms = 1,
                                         .finished_ms = 1,
                                         .config = world.config},
                                        turn);
  REQUIRE(fakes::run(world.loop, world.journal->commit(std::move(imported))));
  const std::string run = run_once(world, session, "who am I?");
  check_same(world, run);
  auto facts = fakes::run(world.loop, world.journal->read_facts(run));
  CHECK(
      std::ranges::any_of(*facts, [](const store::Fact& one) { return one.body.contains("r_01imported"); }));
}

TEST_CASE("a team that is forked from a task or resumed replays with what its members had done") {
  int writes = 0;
  TeamWorld world(R"(
researcher: { role: researcher, description: finds things, model: m }
writer: { role: writer, description: writes things, model: m }
)",
                  R"(
report:
  pattern: sequential
  tasks:
    - { name: research, agent: researcher, description: "Find out" }
    - { name: write, agent: writer, description: "Write it up", context: [research] }
)",
                  [&](const std::string& role, const std::string&) -> ScriptedModel::Line {
                    if (role == "researcher")
                      return std::string(R"({"thought":"ok","final_answer":"bees dance"})");
                    if (++writes == 1) return Error{ErrorCode::model, "HTTP 400: no"};
                    return std::string(R"({"thought":"ok","final_answer":"Bees dance, it says."})");
                  });
  world.resume();
  const std::string run = world.ask("report", "Please report").at("run");
  const Forked resumed = forked(world, {.run = run, .resumes = true}, "acme");
  check_same(world, resumed.run);
  const Forked fork = forked(world, {.run = resumed.run, .from = 2}, "acme");
  check_same(world, fork.run);
  CHECK(writes == 3);
}

TEST_CASE("what a budget decided is decided again, whoever spent from it meanwhile") {
  auto model = says({kAnswer, kAnswer, std::string("{\"thought\":\"") + std::string(40'000, 'a')});
  SUBCASE("no room for a request") {
    model->usage = {.input_tokens = 900, .output_tokens = 100};
    World::More more;
    more.budgets.tenant.tokens = 1'200;
    World world(model, {}, {}, more);
    world.resume();
    const std::string first = run_once(world, world.session());
    const std::string second = run_once(world, world.session());
    CHECK(world.last("run.finished")["status"] == "limit");
    check_same(world, first);
    check_same(world, second);
  }
  SUBCASE("a stream is closed") {
    World::More more;
    more.budgets.session.tokens = 4'000;
    World world(says({std::string("{\"thought\":\"") + std::string(40'000, 'a')}), {}, {}, more);
    world.resume();
    const std::string run = run_once(world, world.session());
    CHECK(world.last("run.finished")["reason"] == "max_tokens");
    check_same(world, run);
  }
}
