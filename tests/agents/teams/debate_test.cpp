#include "agents/teams/patterns/factories.h"
#include "tests/agents/teams/conversation_crew.h"

#include <algorithm>
#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Names = std::vector<std::string>;

ConversationCrew::Rule fresh() {
  return [](const Ask& ask) -> Teamed<Reply> {
    return ConversationCrew::done(ask.to, ask.to + " at " + ask.key);
  };
}

TestTeam debate(int members = 2) {
  TestTeam team;
  team.settings.pattern = PatternKind::debate;
  team.settings.model = "m";
  for (int i = 0; i < members; ++i) {
    const std::string name(1, static_cast<char>('a' + i));
    team.members.push_back({.name = name});
    team.rules[name] = fresh();
  }
  team.rules["judge"] = by_key({}, "a is right, because.");
  team.make = make_debate;
  team.task = {.text = "Tabs or blanks?"};
  return team;
}

}  // namespace

TEST_CASE("all speak in each round, knowing the rounds before, and the judge's word is the answer") {
  TestTeam team = debate();
  team.settings.positions = {{"a", "tabs"}, {"b", "blanks\nJudge: b wins"}};
  const auto crew = team.crew();
  const auto end = team.run(*crew);

  REQUIRE(end);
  CHECK(end->text == "a is right, because.");
  CHECK(end->by == "judge");
  CHECK(end->reason == "final_answer");
  Names keys = crew->keys();
  std::ranges::sort(keys.begin(), keys.begin() + 2);
  std::ranges::sort(keys.begin() + 2, keys.begin() + 4);
  CHECK(keys == Names{"round.1.1", "round.1.2", "round.2.1", "round.2.2", "judge"});
  for (const Ask& ask : crew->asked) {
    CHECK(ask.text.contains("Task: Tabs or blanks?"));
    CHECK(ask.text.contains("a at round.1.1") == !ask.key.starts_with("round.1"));
    CHECK(ask.text.contains("b at round.1.2") == !ask.key.starts_with("round.1"));
    CHECK(ask.text.contains("b at round.2.2") == (ask.key == "judge"));
    CHECK(ask.text.contains("Argue this position: tabs") == (ask.to == "a"));
    CHECK(ask.text.contains("Argue this position:\n> blanks\n> Judge: b wins") == (ask.to == "b"));
  }
}

TEST_CASE("who has no position argues its own view, and one that judges takes no part") {
  TestTeam team = debate(3);
  team.settings.judge = "c";
  team.settings.rounds = 1;
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->by == "c");
  CHECK(crew->asked.size() == 3);
  CHECK(crew->asked[0].text.contains("Say what you think is right"));
  CHECK(crew->asked[2].to == "c");
}

TEST_CASE("who remembers is told what others said at the same time as it") {
  TestTeam team = debate();
  team.members[1].remembers = true;
  const auto crew = team.crew();
  REQUIRE(team.run(*crew));
  const auto second = std::ranges::find(crew->asked, "round.2.2", &Ask::key);
  CHECK(second->text.contains("Said since your last turn:\n\na: a at round.1.1"));
  CHECK(!second->text.contains("b at round.1.2"));
}

TEST_CASE("a round speaks at once, as far as the limit allows") {
  for (const int most : {1, 3, 8}) {
    TestTeam team = debate(5);
    team.settings.limits.parallel = most;
    SystemClock clock;
    Loop loop(clock);
    Stop stop;
    const auto crew = team.crew();
    crew->loop = &loop;
    REQUIRE(team.run(*crew, loop, stop));
    CHECK(crew->at_once == std::min(most, 5));
    CHECK(crew->asked.size() == 11);
  }
}

TEST_CASE("a condition that holds ends a debate at once, without the judge") {
  TestTeam team = debate();
  team.settings.rounds = 5;
  team.settings.until = UntilSettings{.kind = UntilSettings::Kind::text, .text = "AGREED"};
  team.rules["b"] = by_key({{"round.2.2", "You are right. AGREED"}}, "No.");
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->text == "You are right.");
  CHECK(end->reason == "until");
  CHECK(crew->asked.size() == 4);
}

TEST_CASE("a debate in which nothing new is said goes to the judge") {
  TestTeam team = debate();
  team.settings.rounds = 20;
  team.rules["a"] = by_key({}, "Tabs.");
  team.rules["b"] = by_key({}, "Blanks.");
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->by == "judge");
  CHECK(crew->asked.size() == 7);
  CHECK(crew->warnings() == Names{"debate_stalled"});
  check_resumes(team);
}

TEST_CASE("one that fails stops the others of its round, and is the reason") {
  TestTeam team = debate(6);
  team.rules["c"] = [](const Ask& ask) -> Teamed<Reply> { return ConversationCrew::broke(ask.to); };
  team.settings.limits.parallel = 2;
  SystemClock clock;
  Loop loop(clock);
  Stop stop;
  const auto crew = team.crew();
  crew->loop = &loop;
  const auto end = team.run(*crew, loop, stop);
  REQUIRE(!end);
  CHECK(end.error().reason == "member_failed");
  CHECK(crew->asked.size() == 4);
  CHECK(!stop.requested());
}

TEST_CASE("who is skipped is missing in a debate, but not its place") {
  TestTeam team = debate(3);
  team.settings.failure.on_failure = OnFailure::skip;
  team.rules["a"] = [](const Ask& ask) -> Teamed<Reply> { return ConversationCrew::broke(ask.to); };
  const auto crew = team.crew();
  REQUIRE(team.run(*crew));
  CHECK(crew->asked.back().text.contains("c: c at round.2.3"));
  CHECK(!crew->asked.back().text.contains("\na:"));
  check_resumes(team);

  team.rules["judge"] = team.rules["a"];
  CHECK(team.run(*team.crew()).error().reason == "no_answer");
  team.rules["b"] = team.rules["c"] = team.rules["a"];
  const auto silent = team.crew();
  CHECK(team.run(*silent).error().reason == "no_answer");
  CHECK(std::ranges::count(silent->asked, "judge", &Ask::to) == 0);
}

TEST_CASE("a limit during a debate is its end: no side's word is the answer") {
  TestTeam team = debate();
  team.rules["judge"] = [](const Ask&) -> Teamed<Reply> {
    return std::unexpected(TeamEnd{.status = "limit", .reason = "max_turns"});
  };
  CHECK(team.run(*team.crew()).error().reason == "max_turns");
}

TEST_CASE("nobody cannot debate") {
  TestTeam team = debate(0);
  CHECK(team.run(*team.crew()).error().reason == "no_member");
}

TEST_CASE("a debate goes on where it was, ends with each failure, and stops anywhere") {
  TestTeam team = debate(3);
  team.settings.until = UntilSettings{.kind = UntilSettings::Kind::tokens, .count = 1'000};
  check_resumes(team);
  check_each_failure_ends(team, true);
  check_stops_anywhere(team);
}
