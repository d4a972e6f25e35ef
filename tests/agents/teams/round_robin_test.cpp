#include "agents/teams/patterns/factories.h"
#include "tests/agents/teams/conversation_crew.h"

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Names = std::vector<std::string>;

// Each says its name and the key, so that all is new.
ConversationCrew::Rule fresh() {
  return [](const Ask& ask) -> Teamed<Reply> {
    return ConversationCrew::done(ask.to, ask.to + " at " + ask.key);
  };
}

TestTeam two(int rounds) {
  TestTeam team;
  team.settings.pattern = PatternKind::round_robin;
  team.settings.rounds = rounds;
  team.members = {{.name = "writer"}, {.name = "critic"}};
  team.rules = {{"writer", fresh()}, {"critic", fresh()}};
  team.make = make_round_robin;
  return team;
}

UntilSettings text(std::string word) {
  return {.kind = UntilSettings::Kind::text, .text = std::move(word)};
}

}  // namespace

TEST_CASE("members speak in turn, so many rounds, and what was said last is the answer") {
  const TestTeam team = two(2);
  const auto crew = team.crew();
  const auto end = team.run(*crew);

  REQUIRE(end);
  CHECK(crew->speakers() == Names{"writer", "critic", "writer", "critic"});
  CHECK(crew->keys() == Names{"turn.1", "turn.2", "turn.3", "turn.4"});
  CHECK(end->text == "critic at turn.4");
  CHECK(end->by == "critic");
  CHECK(end->reason == "final_answer");
  CHECK(end->status == "done");
  CHECK(crew->asked[0].text == "Write a poem.");
  CHECK(crew->asked[1].text ==
        "Task: Write a poem.\n\nSaid so far:\n\nwriter: writer at turn.1\n\nIt is your "
        "turn, critic.");
}

TEST_CASE("a condition that holds ends the round robin at once") {
  TestTeam team = two(0);
  team.settings.until = text("APPROVE");
  team.rules["critic"] = by_key({{"turn.4", "APPROVE"}}, "Not yet.");
  const auto crew = team.crew();
  const auto end = team.run(*crew);

  REQUIRE(end);
  CHECK(crew->asked.size() == 4);
  CHECK(end->text == "writer at turn.3");
  CHECK(end->reason == "until");
  CHECK(end->detail == "critic said \"APPROVE\"");
}

TEST_CASE("rounds that pass without the condition are told") {
  TestTeam team = two(1);
  team.settings.until = text("APPROVE");
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->reason == "max_rounds");
  CHECK(end->status == "done");
}

TEST_CASE("without rounds and condition a round robin ends at its turns, with what there is") {
  TestTeam team = two(0);
  team.settings.limits.turns = 5;
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(crew->asked.size() == 5);
  CHECK(end->reason == "max_turns");
  CHECK(end->status == "limit");
  CHECK(end->text == "writer at turn.5");
}

TEST_CASE("a limit that the crew sees ends the team with what there is, other ends without") {
  TestTeam team = two(0);
  for (const std::string status : {"limit", "failed", "cancelled"}) {
    team.rules["critic"] = [status](const Ask&) -> Teamed<Reply> {
      return std::unexpected(TeamEnd{.status = status, .reason = "max_cost", .detail = "spent"});
    };
    const auto crew = team.crew();
    const auto end = team.run(*crew);
    CHECK(crew->asked.size() == 2);
    CHECK(end.has_value() == (status == "limit"));
    if (end) CHECK(end->text == "writer at turn.1");
    if (end) CHECK(end->reason == "max_cost");
    if (!end) CHECK(end.error().status == status);
  }
  team.rules["writer"] = team.rules["critic"];
  CHECK(!team.run(*team.crew()));
}

TEST_CASE("who gets nowhere is told once, and then stopped") {
  TestTeam team = two(0);
  team.members.push_back({.name = "editor"});
  for (const char* name : {"writer", "critic", "editor"})
    team.rules[name] = [](const Ask& ask) -> Teamed<Reply> {
      return ConversationCrew::done(ask.to, "I agree.");
    };
  const auto crew = team.crew();
  const auto end = team.run(*crew);

  REQUIRE(end);
  CHECK(end->reason == "stalled");
  CHECK(end->status == "limit");
  CHECK(crew->asked.size() == 9);
  CHECK(crew->warnings() == Names{"new_plan"});
  CHECK(crew->asked[5].text.find("(team):") == std::string::npos);
  CHECK(crew->asked[6].text.find("(team): The last 3 turns brought nothing new") != std::string::npos);
}

TEST_CASE("two who tell each other the same are stopped") {
  TestTeam team = two(0);
  team.rules["writer"] = by_key({}, "After you.");
  team.rules["critic"] = by_key({}, "No, after you!");
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->reason == "repeated_message");
  CHECK(crew->asked.size() == 5);
}

TEST_CASE("a member that remembers is only told what is new") {
  TestTeam team = two(2);
  team.members[0].remembers = true;
  const auto crew = team.crew();
  REQUIRE(team.run(*crew));
  CHECK(crew->asked[2].text ==
        "Task: Write a poem.\n\nSaid since your last turn:\n\ncritic: critic at turn.2\n\nIt is your turn, "
        "writer.");
}

TEST_CASE("what becomes of a member that fails is the team's policy") {
  TestTeam team = two(2);
  team.rules["critic"] = [](const Ask& ask) -> Teamed<Reply> {
    if (ask.key == "turn.2") return ConversationCrew::broke(ask.to, "limit", "max_steps");
    return ConversationCrew::done(ask.to, "critic at " + ask.key);
  };

  SUBCASE("fail") {
    const auto crew = team.crew();
    const auto end = team.run(*crew);
    REQUIRE(!end);
    CHECK(end.error().status == "failed");
    CHECK(end.error().reason == "member_failed");
    CHECK(end.error().detail.find("limit (max_steps): why") != std::string::npos);
    CHECK(crew->asked.size() == 2);
  }
  SUBCASE("skip") {
    team.settings.failure.on_failure = OnFailure::skip;
    const auto crew = team.crew();
    CHECK(team.run(*crew)->text == "critic at turn.4");
    CHECK(crew->warnings() == Names{"member_skipped"});
    CHECK(crew->asked[2].text.find("critic:") == std::string::npos);
    check_resumes(team);
  }
  SUBCASE("retry") {
    team.settings.failure = {.on_failure = OnFailure::retry, .retries = 2};
    const auto crew = team.crew();
    REQUIRE(team.run(*crew));
    CHECK(crew->keys() == Names{"turn.1", "turn.2", "turn.2.again1", "turn.3", "turn.4"});
    check_resumes(team);
  }
  SUBCASE("retry in vain") {
    team.settings.failure = {.on_failure = OnFailure::retry, .retries = 2};
    team.rules["critic"] = [](const Ask& ask) -> Teamed<Reply> { return ConversationCrew::broke(ask.to); };
    const auto crew = team.crew();
    CHECK(!team.run(*crew));
    CHECK(crew->asked.size() == 4);
  }
  SUBCASE("substitute") {
    team.settings.failure = {.on_failure = OnFailure::substitute, .substitute = "writer"};
    const auto crew = team.crew();
    REQUIRE(team.run(*crew));
    CHECK(crew->keys() == Names{"turn.1", "turn.2", "turn.2.instead", "turn.3", "turn.4"});
    CHECK(crew->speakers()[2] == "writer");
    CHECK(crew->asked[3].text.find("writer (you): writer at turn.2.instead") != std::string::npos);
    check_resumes(team);
  }
  SUBCASE("a substitute that fails, too") {
    team.settings.failure = {.on_failure = OnFailure::substitute, .substitute = "editor"};
    team.rules["editor"] = [](const Ask& ask) -> Teamed<Reply> { return ConversationCrew::broke(ask.to); };
    const auto other = team.crew();
    CHECK(!team.run(*other));
    CHECK(other->asked.size() == 3);
  }
  SUBCASE("a member that somebody cancelled has failed; the team was not") {
    team.rules["critic"] = [](const Ask& ask) -> Teamed<Reply> {
      return ConversationCrew::broke(ask.to, "cancelled", "cancelled");
    };
    const auto crew = team.crew();
    CHECK(team.run(*crew).error().status == "failed");
    CHECK(crew->asked.size() == 2);
  }
}

TEST_CASE("a team that says nothing has no answer") {
  TestTeam team = two(1);
  team.rules["writer"] = team.rules["critic"] = by_key({}, "");
  CHECK(team.run(*team.crew()).error().reason == "no_answer");
  team.members.clear();
  CHECK(team.run(*team.crew()).error().reason == "no_member");
}

TEST_CASE("a round robin goes on where it was, ends with each failure, and stops anywhere") {
  TestTeam team = two(0);
  team.settings.until =
      UntilSettings{.kind = UntilSettings::Kind::any,
                    .parts = {{.kind = UntilSettings::Kind::turns, .count = 5},
                              {.kind = UntilSettings::Kind::time, .time = Milliseconds(1'000)}}};
  check_resumes(team);
  check_each_failure_ends(team);
  check_stops_anywhere(team);
}

TEST_CASE("a stop before the beginning asks nobody") {
  const TestTeam team = two(1);
  SystemClock clock;
  Loop loop(clock);
  Stop stop;
  stop.request(StopReason::cancelled);
  const auto crew = team.crew();
  CHECK(team.run(*crew, loop, stop).error().status == "cancelled");
  CHECK(crew->asked.empty());
}
