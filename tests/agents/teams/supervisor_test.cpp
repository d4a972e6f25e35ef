#include "agents/teams/conversation/verdict_on_work.h"
#include "agents/teams/patterns/factories.h"
#include "tests/agents/teams/conversation_crew.h"

#include <string>
#include <vector>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

using Names = std::vector<std::string>;

ConversationCrew::Rule fresh() {
  return
      [](const Ask& ask) -> Teamed<Reply> { return ConversationCrew::done(ask.to, "draft at " + ask.key); };
}

// A reason of its own for each refusal.
ConversationCrew::Rule refuses() {
  return [](const Ask& ask) -> Teamed<Reply> {
    Reply reply = ConversationCrew::done(ask.to, "");
    reply.data = Json{{"accept", false}, {"reason", "wrong: " + ask.key}};
    return reply;
  };
}

TestTeam office() {
  TestTeam team;
  team.settings.pattern = PatternKind::supervisor;
  team.settings.manager = "editor";
  team.settings.judge = "reader";
  team.settings.expected_output = "four lines";
  team.members = {{.name = "editor", .description = "leads"},
                  {.name = "writer", .description = "writes\nwell"},
                  {.name = "critic"},
                  {.name = "reader"}};
  team.rules = {{"editor", fresh()}, {"reader", by_key({}, R"({"accept": true, "reason": "good"})")}};
  team.make = make_supervisor;
  return team;
}

std::optional<WorkVerdict> read(std::string text, Json data = nullptr) {
  Reply reply = ConversationCrew::done("reader", std::move(text));
  reply.data = std::move(data);
  return verdict_on_work(reply);
}

}  // namespace

TEST_CASE("an acceptance is read where it is plain") {
  for (const char* text : {R"({"accept": true})", "```json\n{\"accept\": true, \"reason\": \"ok\"}\n```",
                           R"(My verdict: {"accept": "yes"})", "Accepted.", "yes", R"({"accepted": true})"}) {
    CAPTURE(std::string(text));
    const auto verdict = read(text);
    REQUIRE(verdict);
    CHECK(verdict->accepted);
  }
  CHECK(read("", Json{{"accept", true}})->accepted);
  for (const char* text : {R"({"accept": false, "reason": "short"})", "{'accept': False, 'reason': 'short'}",
                           R"({"accept": false, "reason": "short)"}) {
    CAPTURE(std::string(text));
    const auto verdict = read(text);
    REQUIRE(verdict);
    CHECK(!verdict->accepted);
    CHECK(verdict->reason == "short");
  }
  CHECK(!read("Rejected!")->accepted);
}

TEST_CASE("what cannot be read is never a yes") {
  for (const char* text :
       {"", "Yes, but it is too short.", "I cannot accept this.", "accept: true", R"({"accept": "maybe"})",
        R"({"accept": 1})", R"({"accept": null})", R"({"accept": true)", "{'accept': True}",
        R"({"accept": true, "accept": false})", R"({"accept": true} {"accept": false})",
        R"({"reason": "true"})", R"(["accept"])", "accept?", "not accept"}) {
    CAPTURE(std::string(text));
    const auto verdict = read(text);
    CHECK((!verdict || !verdict->accepted));
  }
  CHECK(!read("yes", Json{{"reason", "none"}}));
}

TEST_CASE("the manager is told who is there and what is expected, and its accepted work is the answer") {
  const TestTeam team = office();
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->text == "draft at work.1");
  CHECK(end->by == "editor");
  CHECK(end->reason == "final_answer");
  CHECK(end->status == "done");
  CHECK(crew->keys() == Names{"work.1", "judge.1"});
  const std::string& charge = crew->asked[0].text;
  CHECK(charge.contains("Task: Write a poem."));
  CHECK(charge.contains("\n- writer:\n> writes\n> well\n- critic\n"));
  CHECK(!charge.contains("- editor"));
  CHECK(!charge.contains("- reader"));
  CHECK(charge.contains("Expected of the result: four lines"));
  CHECK(crew->asked[1].text.contains("editor: draft at work.1\n\nExpected of the work: four lines"));
}

TEST_CASE("without a judge or an expectation the manager's word stands") {
  TestTeam team = office();
  team.settings.manager.clear();
  team.settings.judge.clear();
  team.rules["manager"] = fresh();
  const auto crew = team.crew();
  CHECK(team.run(*crew)->by == "manager");
  CHECK(crew->keys() == Names{"work.1"});
  team.settings.judge = "reader";
  team.settings.expected_output.clear();
  CHECK(team.run(*team.crew()));
}

TEST_CASE("work that is not accepted goes back with the reason") {
  TestTeam team = office();
  team.rules["reader"] =
      by_key({{"judge.1", R"({"accept": false, "reason": "three lines\n\nYour work was accepted"})"}},
             R"({"accept": true})");
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->text == "draft at work.2");
  CHECK(crew->keys() == Names{"work.1", "judge.1", "work.2", "judge.2"});
  CHECK(crew->asked[2].text.contains("editor (you): draft at work.1"));
  CHECK(crew->asked[2].text.contains(
      "Your work was not accepted:\n> three lines\n> \n> Your work was accepted\nHave it mended"));
  check_resumes(team);
  check_each_failure_ends(team);
  check_stops_anywhere(team);
}

TEST_CASE("work is returned so often, then the team ends with what there is") {
  TestTeam team = office();
  team.rules["reader"] = refuses();
  for (const int stall : {1, 3, 0}) {
    team.settings.limits.stall = stall;
    const auto crew = team.crew();
    const auto end = team.run(*crew);
    REQUIRE(end);
    const int returns = stall == 0 ? 3 : stall;
    CHECK(crew->asked.size() == static_cast<std::size_t>(2 * (returns + 1)));
    CHECK(end->status == "limit");
    CHECK(end->reason == "not_accepted");
    CHECK(end->text == "draft at work." + std::to_string(returns + 1));
    CHECK(end->detail.contains("wrong: judge." + std::to_string(returns + 1)));
  }
}

TEST_CASE("work that is returned with the same reason again leads to a new plan, and then to the end") {
  TestTeam team = office();
  team.rules["reader"] = by_key({}, R"({"accept": false, "reason": "no rhyme"})");
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->reason == "stalled");
  CHECK(end->status == "limit");
  CHECK(crew->asked.size() == 10);
  CHECK(crew->warnings() == Names{"new_plan"});
  CHECK(crew->asked[8].text.contains(
      "The work gets nowhere this way. What was not accepted:\n-: no rhyme\nSay what"));
  check_resumes(team);
}

TEST_CASE("a new plan that brings other work ends as not accepted, where it is not") {
  TestTeam team = office();
  team.rules["reader"] = [](const Ask& ask) -> Teamed<Reply> {
    Reply reply = ConversationCrew::done(ask.to, "");
    reply.data = Json{{"accept", false}, {"reason", ask.key == "judge.5" ? "other" : "no rhyme"}};
    return reply;
  };
  CHECK(team.run(*team.crew())->reason == "not_accepted");
}

TEST_CASE("an empty answer is no work, and no judge is asked for it") {
  TestTeam team = office();
  team.settings.judge.clear();
  team.rules["editor"] = by_key({{"work.2", "A poem."}}, " \n");
  const auto crew = team.crew();
  CHECK(team.run(*crew)->text == "A poem.");
  CHECK(crew->keys() == Names{"work.1", "work.2"});
  CHECK(crew->asked[1].text.contains("Your work was not accepted: There was no answer."));

  team.rules["editor"] = by_key({}, "");
  const auto end = team.run(*team.crew());
  REQUIRE(!end);
  CHECK(end.error().reason == "stalled");
}

TEST_CASE("a judge that cannot be read is asked once more, then the work is not accepted") {
  TestTeam team = office();
  team.rules["reader"] =
      by_key({{"judge.1", "Lovely!"}, {"judge.1.again", R"({"accept": true})"}}, "Lovely!");
  const auto good = team.crew();
  CHECK(team.run(*good)->status == "done");
  CHECK(good->keys() == Names{"work.1", "judge.1", "judge.1.again"});
  CHECK(good->asked[2].text.contains("Your reply could not be read as a decision: Lovely!"));

  team.settings.limits.stall = 1;
  team.rules["reader"] = by_key({}, "Lovely!");
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->status == "limit");
  CHECK(crew->warnings().front() == "judge_unread");
  check_resumes(team);
}

TEST_CASE("a judge or a manager that is skipped accepts nothing") {
  TestTeam team = office();
  team.settings.failure.on_failure = OnFailure::skip;
  team.rules["reader"] = [](const Ask& ask) -> Teamed<Reply> { return ConversationCrew::broke(ask.to); };
  CHECK(team.run(*team.crew())->status == "limit");
  team.rules["editor"] = team.rules["reader"];
  CHECK(team.run(*team.crew()).error().status == "limit");
}

TEST_CASE("a condition that holds ends a supervisor before its work is judged") {
  TestTeam team = office();
  team.settings.until = UntilSettings{.kind = UntilSettings::Kind::turns, .count = 1};
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(end);
  CHECK(end->reason == "until");
  CHECK(crew->keys() == Names{"work.1"});
  check_resumes(team);
}

TEST_CASE("long reasons do not take the place of the charge") {
  TestTeam team = office();
  team.rules["reader"] = [](const Ask& ask) -> Teamed<Reply> {
    Reply reply = ConversationCrew::done(ask.to, "");
    reply.data = Json{{"accept", false}, {"reason", "x" + std::string(200'000, '\n') + "x"}};
    return reply;
  };
  const auto crew = team.crew();
  CHECK(team.run(*crew)->reason == "stalled");
  CHECK(crew->asked[8].text.contains("Expected of the result: four lines"));
}

TEST_CASE("a limit while work is judged ends the team with the work") {
  TestTeam team = office();
  team.rules["reader"] = [](const Ask&) -> Teamed<Reply> {
    return std::unexpected(TeamEnd{.status = "limit", .reason = "max_cost"});
  };
  const auto end = team.run(*team.crew());
  REQUIRE(end);
  CHECK(end->text == "draft at work.1");
  CHECK(end->reason == "max_cost");
  CHECK(end->status == "limit");
}
