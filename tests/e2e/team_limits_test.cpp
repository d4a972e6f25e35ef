#include "tests/e2e/team_scene.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

TEST_CASE("a mailbox that is full refuses a task, which is no turn") {
  TeamScene stage(
      "  team: { pattern: supervisor, model: m, members: [a, b], limits: { mailbox: 1 } }\n",
      {{"m", {delegates({"a", "a", "a", "b"}), says("M")}}, {"a", {says("A")}}, {"b", {says("B")}}});
  const auto frames = stage.ask();
  auto told_of = observed(frames, "delegate");
  REQUIRE(told_of.size() == 4);
  std::ranges::sort(told_of);
  CHECK(told_of[0] == "A");
  CHECK(told_of[1] == "B");
  for (const std::size_t refused : {2, 3}) {
    CHECK(told_of[refused].contains("mailbox_full"));
    CHECK(told_of[refused].contains("limits.mailbox"));
  }
  CHECK(frames.back()["steps"] == 3);
  CHECK(answer_in(frames) == "M");
  CHECK(stage.played->asked().size() == 4);
}

TEST_CASE("in every pattern a member whose colleague's mailbox is full is told so, and its team goes on") {
  struct Row {
    std::string team;
    const char* answer;
    int steps;  // turns, that of the colleague who was asked among them
    std::vector<std::string> b = {};
    std::vector<std::string> c = {"C"};
  };
  const std::vector<Row> rows = {
      {"pattern: sequential, tasks: [ { agent: a, description: x }, { agent: b, description: y } ], "
       "on_failure: "
       "substitute, substitute: c",
       "B",
       3,
       {"B"}},
      {"pattern: parallel, tasks: [ { agent: a, description: x } ], members: [a, c]", "A", 2},
      {"pattern: supervisor, manager: a, members: [b], on_failure: substitute, substitute: c", "A", 2},
      {"pattern: handoff, members: [a, c], start: a", "A", 2},
      {"pattern: round_robin, members: [a, c], rounds: 1", "C2", 3, {}, {"C", "C2"}},
      {"pattern: selector, members: [a, b], rules: [ { speaker: a } ], until: { messages: 1 }, on_failure: "
       "substitute, substitute: c",
       "A", 2},
      {"pattern: debate, members: [a, b], rounds: 1, judge: c", "J", 4, {"B"}, {"C", "J"}},
      {"pattern: graph, start: x, nodes: { x: { run: a } }, edges: [ { from: x, to: end } ], on_failure: "
       "substitute, substitute: c",
       "A", 2},
  };
  for (const Row& row : rows) {
    CAPTURE(row.team);
    Script script = {{"a", {delegates({"c", "c", "c"}), says("A")}}};
    for (const std::string& text : row.b) script["b"].push_back(says(text));
    for (const std::string& text : row.c) script["c"].push_back(says(text));
    TeamScene stage(
        fmt::format("  team: {{ {}, delegate: {{ a: [c] }}, limits: {{ mailbox: 1 }} }}\n", row.team),
        script);
    const auto frames = stage.ask();
    auto told_of = observed(frames, "delegate");
    REQUIRE(told_of.size() == 3);
    std::ranges::sort(told_of);
    CHECK(told_of[0] == "C");
    CHECK((told_of[1].contains("mailbox_full") && told_of[2].contains("limits.mailbox: 1")));
    CHECK(string_or(frames.back(), "status") == "done");
    CHECK(answer_in(frames) == row.answer);
    CHECK(frames.back()["steps"] == row.steps);
    CHECK(stage.played->left() == 0);
    const auto dead = stage.daemon.run({"bus", "dead-letters", "--json", "-c", stage.daemon.config()});
    CHECK(std::ranges::count(dead.out, '\n') == 2);
  }
}

TEST_CASE("nodes of a graph that run the same agent wait in its mailbox, as many as it may hold") {
  const std::string team = R"(
  team:
    pattern: graph
    start: go
    nodes:
      go: { run: b }
      x: { run: a, text: "part x" }
      y: { run: a, text: "part y" }
      z: { run: a, text: "part z" }
    edges:
      - { from: go, to: x }
      - { from: go, to: y }
      - { from: go, to: z }
      - { from: x, to: end }
      - { from: y, to: end }
      - { from: z, to: end }
    limits: { mailbox: MANY }
)";
  const auto with = [&](const std::string& many) {
    std::string text = team;
    return text.replace(text.find("MANY"), 4, many);
  };
  const Script script = {{"a", {says("A1"), says("A2"), says("A3")}}, {"b", {says("B")}}};
  {
    TeamScene stage(with("3"), script);
    CHECK(end_of(stage.ask()) == "done final_answer");
    CHECK(stage.played->bodies("a").size() == 3);
  }
  TeamScene stage(with("1"), script);
  const auto frames = stage.ask();
  CHECK(end_of(frames) == "failed mailbox_full");
  CHECK(string_or(frames.back(), "error").contains("limits.mailbox"));
  CHECK(stage.models.wait_for_quiet());
}

TEST_CASE("turns and messages are at most those of the limits, also over a crash") {
  struct Row {
    std::string team;
    const char* end;
    const char* answer;
    std::size_t asked;
  };
  const std::vector<Row> rows = {
      {"pattern: round_robin, members: [a, b], rounds: 5, limits: { turns: 3 }", "limit max_turns", "A2", 3},
      {"pattern: round_robin, members: [a, b], rounds: 5, limits: { messages: 6 }", "limit max_messages",
       "A2", 3},
      {"pattern: sequential, tasks: [ { agent: a, description: x }, { agent: b, description: y }, { agent: "
       "a, "
       "description: z }, { agent: b, description: w } ], limits: { turns: 3 }",
       "limit max_turns", "", 3},
      {"pattern: sequential, tasks: [ { agent: a, description: x }, { agent: b, description: y }, { agent: "
       "a, "
       "description: z }, { agent: b, description: w } ], limits: { messages: 7 }",
       "limit max_messages", "", 3},
  };
  for (const Row& row : rows)
    for (const bool crash : {false, true}) {
      CAPTURE(row.team);
      CAPTURE(crash);
      TeamScene stage(fmt::format("  team: {{ {} }}\n", row.team),
                      {{"a", {says("A1"), says("A2"), says("A3")}}, {"b", {says("B1"), says("B2")}}});
      const std::vector<Json> frames = crash ? stage.ask_over_a_crash("a", 1) : stage.ask();
      CHECK(end_of(frames) == row.end);
      CHECK(answer_in(frames) == row.answer);
      CHECK(frames.back()["steps"] == 3);
      CHECK(stage.played->asked().size() == row.asked + (crash ? 1 : 0));
    }
}

TEST_CASE("what a manager delegated before a crash counts as turns and tokens after it, too") {
  for (const bool crash : {false, true}) {
    CAPTURE(crash);
    TeamScene stage(
        "  team: { pattern: supervisor, model: m, members: [a, b], limits: { turns: 3 } }\n",
        {{"m", {delegates({"a", "b"}), calls("delegate", {{"to", "a"}, {"task", "more"}}), says("M")}},
         {"a", {says("A")}},
         {"b", {says("B")}}});
    const std::vector<Json> frames = crash ? stage.ask_over_a_crash("m", 1) : stage.ask();
    CHECK(observed(frames, "delegate").back().contains("max_turns"));
    CHECK(end_of(frames) == "done final_answer");
    CHECK(frames.back()["steps"] == 3);
    CHECK(frames.back()["input_tokens"] == 50);
  }
}

TEST_CASE("two who hand a conversation to each other and say nothing are stopped, whatever their reasons") {
  Script script;
  for (int i = 0; i < 20; ++i) {
    script["a"].push_back(calls("handoff", {{"to", "b"}, {"reason", fmt::format("yours, {}", i)}}));
    script["b"].push_back(calls("handoff", {{"to", "a"}, {"reason", fmt::format("no, yours, {}", i)}}));
  }
  TeamScene stage("  team: { pattern: handoff, members: [a, b] }\n", script);
  const auto frames = stage.ask();
  CHECK(end_of(frames) == "limit repeated_message");
  CHECK(answer_in(frames).empty());
  CHECK(stage.played->asked().size() == 7);
}

TEST_CASE("a colleague is asked the same at most limits.repeats times") {
  const Said again = calls("ask", {{"to", "b"}, {"question", "what?"}});
  TeamScene stage("  team: { pattern: supervisor, manager: a, members: [b], limits: { repeats: 2 } }\n",
                  {{"a", {again, again, again, says("A")}}, {"b", {says("B1"), says("B2"), says("B3")}}});
  const auto frames = stage.ask();
  const auto told_of = observed(frames, "ask");
  REQUIRE(told_of.size() == 3);
  CHECK(told_of[1] == "B2");
  CHECK(told_of[2].contains("repeated_message"));
  CHECK(answer_in(frames) == "A");
}

TEST_CASE("a budget that is spent ends a team as its own limit does, whatever its members' failures do") {
  for (const std::string policy : {"fail", "skip", "retry"}) {
    CAPTURE(policy);
    TeamScene stage(
        fmt::format(
            "  inner: {{ pattern: sequential, on_failure: {0}, tasks: [ {{ agent: a, description: x }}, {{ "
            "agent: b, description: y }} ] }}\n  team: {{ pattern: sequential, on_failure: {0}, tasks: "
            "[ {{ agent: inner, description: z }}, {{ agent: c, description: w }} ] }}\n",
            policy),
        {{"a", {{says("A").text, "", 60'000}}}, {"b", {says("B")}}, {"c", {says("C")}}},
        "budgets: { session: { tokens: 50000 } }\n");
    const auto frames = stage.ask();
    CHECK(end_of(frames) == "limit max_tokens");
    CHECK(string_or(frames.back(), "error").contains("budgets.session.tokens: 50000"));
    CHECK(stage.played->asked() == std::vector<std::string>{"a"});
  }
}
