#include "tests/e2e/team_scene.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

TEST_CASE("the next message goes to whom the conversation was handed over, also after a restart") {
  for (const bool restart : {false, true}) {
    CAPTURE(restart);
    TeamScene stage("  team: { pattern: handoff, members: [a, b, c] }\n",
                    {{"a", {calls("handoff", {{"to", "b"}, {"reason", "yours"}})}},
                     {"b", {says("B1"), calls("handoff", {{"to", "c"}, {"reason", "yours"}})}},
                     {"c", {says("C1"), says("C2")}}});
    CHECK(answer_in(stage.ask()) == "B1");
    if (restart) {
      CHECK(stage.daemon.stop().exit_code == 0);
      stage.daemon.start();
      stage.talk->connect();
    }
    CHECK(answer_in(stage.ask()) == "C1");
    CHECK(answer_in(stage.ask()) == "C2");
    CHECK(stage.played->asked() == std::vector<std::string>{"a", "b", "b", "c", "c"});
    // Nobody is told as somebody's words what the tool told only him.
    for (const std::string& body : stage.played->bodies("c")) CHECK_FALSE(body.contains("Handed over to"));
  }
}

TEST_CASE("a file of a task stays below artifacts, whatever fills its name") {
  const fakes::TempDir folder;
  const auto artifacts = folder.path() / "artifacts";
  std::filesystem::create_directories(artifacts);
  TeamScene stage(
      "  team: { pattern: sequential, tasks: [ { agent: a, description: \"Write {topic}\", output_file: "
      "\"out/{topic}.md\" } ] }\n",
      {}, fmt::format("artifacts: {}\n", artifacts.string()));
  const std::vector<std::string> topics = {"plain",
                                           "../../etc/passwd",
                                           "/etc/passwd",
                                           "..",
                                           "",
                                           "two\nlines\r\n",
                                           "..\\..\\x",
                                           ".hidden",
                                           "a/../../b",
                                           std::string("nul\0byte", 8),
                                           std::string(5'000, 'x'),
                                           "\u202Eexe"};
  std::size_t written = 0;
  for (const std::string& topic : topics) {
    CAPTURE(topic);
    stage.played = stage.models.play({{"a", {says("TEXT")}}});
    const auto frames = stage.ask({{"topic", topic}});
    CHECK(end_of(frames) == "done final_answer");
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
      if (entry.is_directory()) continue;
      ++files;
      CHECK(entry.path().parent_path() == artifacts / "out");
      const std::string name = entry.path().filename().string();
      CHECK_FALSE(name.starts_with("."));
      CHECK(name.ends_with(".md"));
      CHECK(std::ranges::none_of(name, [](unsigned char c) { return c < 0x20; }));
    }
    CHECK(files >= written);
    written = files;
  }
  CHECK(written >= 8);
}

TEST_CASE("what a team does when a member fails: it ends, goes on, asks again, or asks another") {
  struct Row {
    std::string policy;
    std::size_t failures;  // of `a`, from its first on
    const char* end;
    const char* answer;
    std::vector<std::string> asked;
  };
  const std::vector<Row> rows = {
      {"fail", 1, "failed member_failed", "", {"a"}},
      {"skip", 1, "done final_answer", "B", {"a", "b"}},
      {"retry, retries: 2", 2, "done final_answer", "B", {"a", "a", "a", "b"}},
      {"retry, retries: 1", 2, "failed member_failed", "", {"a", "a"}},
      {"substitute, substitute: c", 1, "done final_answer", "B", {"a", "c", "b"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.policy);
    TeamScene stage(
        fmt::format("  team: {{ pattern: sequential, tasks: [ {{ agent: a, description: x }}, {{ agent: b, "
                    "description: y }} ], on_failure: {} }}\n",
                    row.policy),
        {{"a", {says("A1"), says("A2"), says("A3")}}, {"b", {says("B")}}, {"c", {says("C")}}});
    for (std::size_t at = 0; at < row.failures; ++at) stage.played->fail("a", at, Fault::refused);
    stage.talk->say("Do it");
    for (std::size_t at = 0; at < row.failures; ++at) {
      REQUIRE(stage.played->wait_for("a", at + 1));
      stage.models.let_go();
    }
    const auto frames = stage.talk->rest();
    check_whole(frames);
    CHECK(end_of(frames) == row.end);
    CHECK(answer_in(frames) == row.answer);
    CHECK(stage.played->asked() == row.asked);
    const auto trace = trace_of(frames);
    CHECK((std::ranges::find(trace, "team warning member_skipped") != trace.end()) == (row.policy == "skip"));
  }
}

TEST_CASE("who comes first counts under any, first and quorum; the others are stopped") {
  struct Row {
    std::string join;
    std::map<std::string, Fault> faults;
    bool first_is_b;  // else it is waited for before what is held comes
    std::string end;
    std::vector<std::string> answers;  // one of these
  };
  constexpr Fault kSilent = Fault::silent;
  constexpr Fault kRefused = Fault::refused;
  constexpr Fault kHeld = Fault::held;
  const std::string done = "done final_answer";
  const std::vector<Row> rows = {
      {"join: any", {{"a", kSilent}, {"b", kHeld}, {"c", kSilent}}, true, done, {"B"}},
      {"join: any", {{"a", kRefused}, {"b", kHeld}, {"c", kSilent}}, true, done, {"B"}},
      {"join: any", {{"a", kRefused}, {"b", kRefused}, {"c", kRefused}}, true, "failed member_failed", {""}},
      {"join: { quorum: 2 }, reduce: first", {{"a", kSilent}, {"b", kHeld}}, false, done, {"C"}},
      {"join: { quorum: 2 }",
       {{"a", kSilent}, {"b", kRefused}, {"c", kRefused}},
       true,
       "failed member_failed",
       {""}},
      {"reduce: first", {{"b", kHeld}}, false, done, {"A", "C"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.join);
    TeamScene stage(fmt::format("  team: {{ pattern: parallel, members: [a, b, c], {} }}\n", row.join),
                    {{"a", {says("A")}}, {"b", {says("B")}}, {"c", {says("C")}}});
    for (const auto& [member, fault] : row.faults) stage.played->fail(member, 0, fault);
    stage.talk->say("Do it");
    for (const char* member : {"a", "b", "c"}) REQUIRE(stage.played->wait_for(member, 1));
    std::vector<Json> frames;
    if (!row.first_is_b)
      frames = stage.talk->until([](const Json& frame) { return string_or(frame, "kind") == "reply"; });
    const auto held =
        std::ranges::count_if(row.faults, [](const auto& one) { return one.second != kSilent; });
    stage.models.let_go(static_cast<std::size_t>(held));
    std::ranges::move(stage.talk->rest(), std::back_inserter(frames));
    check_whole(frames);
    CHECK(end_of(frames) == row.end);
    CHECK(std::ranges::find(row.answers, answer_in(frames)) != row.answers.end());
    CHECK(stage.models.wait_for_quiet());
  }
}

TEST_CASE("a team that is cancelled leaves nothing: no run, no connection, also below a delegating manager") {
  TeamScene stage(
      "  team: { pattern: supervisor, model: m, members: [a, b, c] }\n",
      {{"m", {delegates({"a", "b", "c"})}}, {"a", {says("A")}}, {"b", {says("B")}}, {"c", {says("C")}}});
  for (const char* member : {"a", "b", "c"}) stage.played->fail(member, 0, Fault::silent);
  stage.talk->say("Do it");
  const auto begun = stage.talk->until([](const Json& frame) { return string_or(frame, "type") == "ack"; });
  for (const char* member : {"a", "b", "c"}) REQUIRE(stage.played->wait_for(member, 1));
  stage.talk->send(dump(Json{{"type", "cancel"}, {"run", begun.back()["run"]}}));
  const auto frames = stage.talk->rest();
  check_whole(frames);
  CHECK(end_of(frames) == "cancelled cancelled");
  CHECK(stage.models.wait_for_quiet());
  CHECK(frames.back()["input_tokens"] == 10);

  const auto listed = stage.daemon.run({"runs", "list", "--json", "-c", stage.daemon.config()});
  CHECK(listed.exit_code == 0);
  std::istringstream lines(listed.out);
  std::size_t runs = 0;
  for (std::string line; std::getline(lines, line); ++runs) {
    auto row = parse_json(line);
    REQUIRE(row);
    CHECK((*row)["status"] == "cancelled");
  }
  CHECK(runs >= 1);
  // Nothing is taken up again, and the session takes the next message.
  CHECK(stage.daemon.stop().exit_code == 0);
  const std::size_t asked = stage.played->asked().size();
  stage.daemon.start();
  stage.talk->connect();
  stage.played = stage.models.play({{"m", {says("M")}}});
  CHECK(answer_in(stage.ask()) == "M");
  CHECK(stage.played->asked().size() == 1);
  CHECK(asked == 4);
}
