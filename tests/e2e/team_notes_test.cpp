#include "tests/e2e/team_scene.h"

#include <algorithm>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

constexpr const char* kWatch = R"(
  team:
    pattern: round_robin
    members: [a, b, c]
    rounds: 2
    publish: { a: [findings, { prefix: alert. }] }
    subscriptions: { b: [findings], c: [{ prefix: alert. }] }
    tell: { b: [c] }
)";

Script script() {
  return {{"a",
           {calls("publish", {{"topic", "findings"}, {"text", "bees dance"}}),
            calls("publish", {{"topic", "alert.wasp"}, {"text", "wasps"}, {"source", "hive 7"}}), says("A1"),
            says("A2")}},
          {"b", {calls("tell", {{"to", "c"}, {"text", "mind the hive"}}), says("B1"), says("B2")}},
          {"c", {says("C1"), says("C2")}}};
}

// How many of the requests to a member have this in them.
std::size_t with(const Play& played, const std::string& member, const std::string& text) {
  const auto bodies = played.bodies(member);
  return static_cast<std::size_t>(
      std::ranges::count_if(bodies, [&](const std::string& body) { return body.contains(text); }));
}

}  // namespace

TEST_CASE("notes reach who reads their topic with the next turn, once, over the real daemon") {
  TeamScene stage(kWatch, script());
  const auto frames = stage.ask();
  CHECK(end_of(frames) == "done final_answer");
  CHECK(stage.played->left() == 0);
  std::vector<Json> notes;
  std::vector<std::string> inputs;
  for (const Json& frame : frames) {
    if (string_or(frame, "kind") == "note") notes.push_back(frame);
    if (string_or(frame, "type") == "run.started" && string_or(frame, "input").contains("Note of"))
      inputs.push_back(string_or(frame, "agent"));
  }
  REQUIRE(notes.size() == 3);
  CHECK(notes[0]["receivers"] == Json{"team/b"});
  CHECK(notes[1]["topic"] == Json{{"type", "alert.wasp"}, {"source", "hive 7"}});
  CHECK(notes[2]["to"] == "team/c");
  CHECK(inputs == std::vector<std::string>{"team/b", "team/c"});
  CHECK(with(*stage.played, "b", "Note of a about findings: bees dance") >= 1);
  CHECK(with(*stage.played, "c", "Note of a about alert.wasp (hive 7): wasps") >= 1);
  CHECK(with(*stage.played, "c", "Note of b: mind the hive") >= 1);
  CHECK(with(*stage.played, "c", "bees dance") == 0);
  CHECK(observed(frames, "tell").front() == "1 member will read it at its next turn: `c`.");
}

TEST_CASE("kill -9 while somebody publishes, or reads, loses no note and gives none twice") {
  for (const auto& [member, request] : std::vector<std::pair<std::string, std::size_t>>{
           {"a", 1}, {"a", 2}, {"b", 0}, {"b", 1}, {"c", 0}, {"b", 2}}) {
    CAPTURE(member);
    CAPTURE(request);
    TeamScene stage(kWatch, script());
    const auto frames = stage.ask_over_a_crash(member, request);
    CHECK(end_of(frames) == "done final_answer");
    CHECK(stage.played->left() == 0);
    std::size_t notes = 0;
    std::vector<std::string> inputs;
    for (const Json& frame : frames) {
      if (string_or(frame, "kind") == "note") ++notes;
      if (string_or(frame, "type") == "run.started" && string_or(frame, "input").contains("Note of"))
        inputs.push_back(string_or(frame, "agent"));
    }
    CHECK(notes == 3);
    CHECK(inputs == std::vector<std::string>{"team/b", "team/c"});
    const auto dead = stage.daemon.run({"bus", "dead-letters", "--json", "-c", stage.daemon.config()});
    CHECK_MESSAGE(dead.out.empty(), dead.out);
  }
}
