#include "tests/e2e/team_scene.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

TEST_CASE("a team and a chain are members like agents: their runs are below the team's") {
  const std::string chain = "chains: { shout: { steps: [ { prompt: \"Shout {input}\" }, { model: c } ] } }\n";
  const std::string teams = R"(
  inner: { pattern: parallel, members: [a, b] }
  team:
    pattern: sequential
    tasks:
      - { name: one, agent: inner, description: First }
      - { name: two, agent: shout, description: "Then {one}" }
)";
  TeamScene stage(teams, {{"a", {says("A")}}, {"b", {says("B")}}, {"c", {{"LOUD"}}}}, chain);
  const Trace order = Trace{"team started", "team > team/inner task", "team/inner started",
                            "inner > inner/a task", "inner > inner/b task"} +
                      Trace{"inner/a started",
                            "inner/a thought",
                            "inner/a answer",
                            "inner/a usage",
                            "inner/a finished done final_answer",
                            "inner/a > inner reply done"} +
                      Trace{"inner/b started",
                            "inner/b thought",
                            "inner/b answer",
                            "inner/b usage",
                            "inner/b finished done final_answer",
                            "inner/b > inner reply done"} +
                      Trace{"team/inner answer",
                            "team/inner finished done final_answer",
                            "team/inner > team reply done",
                            "team > team/shout task",
                            "team/shout started",
                            "team/shout usage",
                            "team/shout answer",
                            "team/shout finished done final_answer",
                            "team/shout > team reply done",
                            "team answer",
                            "team finished done final_answer"};
  SUBCASE("undisturbed") {
    const auto frames = stage.ask();
    CHECK(told(trace_of(frames)) == told(order));
    CHECK(answer_in(frames) == "LOUD");
  }
  SUBCASE("with kill -9 while the inner team, then the chain works") {
    stage.played->fail("b", 0, Fault::silent);
    stage.played->fail("c", 0, Fault::silent);
    stage.talk->say("Do it");
    std::vector<Json> frames;
    for (const char* member : {"b", "c"}) {
      REQUIRE(stage.played->wait_for(member, 1));
      // Its neighbour's answer is on disk before the crash.
      const auto found = [](const Json& frame) { return string_or(frame, "type") == "run.finished"; };
      if (frames.empty()) std::ranges::move(stage.talk->until(found), std::back_inserter(frames));
      stage.daemon.kill();
      std::ranges::move(stage.talk->until_gone(), std::back_inserter(frames));
      stage.daemon.start();
      stage.talk->connect();
    }
    std::ranges::move(stage.talk->rest(), std::back_inserter(frames));
    check_whole(frames);
    CHECK(told(trace_of(frames)) == told(order));
    CHECK(stage.played->asked().size() == 5);
    CHECK(stage.played->bodies("a").size() == 1);
  }
  SUBCASE("a failure in the inner team is the outer one's") {
    stage.played->fail("b", 0, Fault::refused);
    stage.talk->say("Do it");
    stage.models.let_go();
    const auto frames = stage.talk->rest();
    check_whole(frames);
    CHECK(end_of(frames) == "failed member_failed");
    CHECK(string_or(frames.back(), "error").contains("no such thing"));
    CHECK(stage.played->bodies("c").empty());
  }
  SUBCASE("cancel ends both") {
    stage.played->fail("a", 0, Fault::silent);
    stage.played->fail("b", 0, Fault::silent);
    stage.talk->say("Do it");
    const auto begun = stage.talk->until([](const Json& frame) { return string_or(frame, "type") == "ack"; });
    REQUIRE(stage.played->wait_for("b", 1));
    REQUIRE(stage.played->wait_for("a", 1));
    stage.talk->send(dump(Json{{"type", "cancel"}, {"run", begun.back()["run"]}}));
    const auto frames = stage.talk->rest();
    check_whole(frames);
    CHECK(end_of(frames) == "cancelled cancelled");
    CHECK(stage.models.wait_for_quiet());
  }
}

TEST_CASE("who asks somebody that waits for him is told so, and nobody waits for ever") {
  TeamScene stage(R"(
  team:
    pattern: sequential
    tasks: [ { agent: a, description: First } ]
    members: [a, b]
    ask: { a: [b], b: [a] }
)",
                  {{"a", {calls("ask", {{"to", "b"}, {"question", "what?"}}), says("A")}},
                   {"b", {calls("ask", {{"to", "a"}, {"question", "why?"}}), says("B")}}});
  const auto frames = stage.ask();
  const auto told_of = observed(frames, "ask");
  REQUIRE(told_of.size() == 2);
  CHECK(told_of[0].contains("waits_for_you"));
  CHECK(told_of[1] == "B");
  CHECK(answer_in(frames) == "A");
}

TEST_CASE("tasks within tasks are as deep as limits.depth") {
  TeamScene stage(R"(
  team:
    pattern: sequential
    tasks: [ { agent: a, description: First } ]
    members: [a, b, c]
    delegate: { a: [b], b: [c] }
    limits: { depth: 2 }
)",
                  {{"a", {calls("delegate", {{"to", "b"}, {"task", "x"}}), says("A")}},
                   {"b", {calls("delegate", {{"to", "c"}, {"task", "y"}}), says("B")}}});
  const auto frames = stage.ask();
  CHECK(observed(frames, "delegate").front().contains("max_depth"));
  CHECK(answer_in(frames) == "A");
  CHECK(stage.played->bodies("c").empty());
}
