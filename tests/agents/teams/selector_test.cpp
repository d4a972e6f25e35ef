#include "agents/teams/conversation/named_member.h"
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
  return [](const Ask& ask) -> Teamed<Reply> {
    return ConversationCrew::done(ask.to, ask.to + " at " + ask.key);
  };
}

// Ends after three messages.
TestTeam three() {
  TestTeam team;
  team.settings.pattern = PatternKind::selector;
  team.settings.until = UntilSettings{.kind = UntilSettings::Kind::messages, .count = 3};
  team.members = {{.name = "a", .description = "plans"}, {.name = "b"}, {.name = "c"}};
  team.rules = {{"a", fresh()}, {"b", fresh()}, {"c", fresh()}};
  team.make = make_selector;
  return team;
}

Names speakers_of(const TestTeam& team) {
  const auto crew = team.crew();
  team.run(*crew);
  return crew->speakers();
}

std::optional<std::string> named(std::string text, Json data = nullptr) {
  const Names names = {"writer", "critic", "Dr-Who"};
  Reply reply = ConversationCrew::done("selector", std::move(text));
  reply.data = std::move(data);
  return named_member(reply, names);
}

}  // namespace

TEST_CASE("a name is read however it is written") {
  for (const char* text :
       {"writer", " Writer\n", "\"writer\"", "`writer`", "**writer**", "'WRITER'.", "desk/writer",
        "{\"speaker\": \"writer\"}", "```json\n{\"speaker\": \"Writer\"}\n```", "{'speaker': 'writer'}",
        "Sure! {\"speaker\": \"writer\", \"why\": \"not the critic\"}", "The writer should speak next.",
        "{\"speaker\": \"writer\"", "Next: writer"}) {
    CAPTURE(std::string(text));
    CHECK(named(text) == "writer");
  }
  CHECK(named("", Json{{"speaker", "critic"}}) == "critic");
  CHECK(named("writer", Json("critic")) == "critic");
  CHECK(named("dr-who") == "Dr-Who");
}

TEST_CASE("what names nobody, or several, is no name") {
  for (const char* text :
       {"", "nobody", "The writer or the critic.", "typewriter", "writers", "who", "{\"speaker\": 7}",
        "{\"speaker\": \"nobody\", \"why\": \"the writer spoke\"}", "{}"}) {
    CAPTURE(std::string(text));
    CHECK(!named(text));
  }
  CHECK(!named("", Json{{"speaker", Json::array({"writer"})}}));
}

TEST_CASE("the first rule that applies says who speaks") {
  TestTeam team = three();
  team.settings.rules = {{.after = "a", .speaker = "c"}, {.after = "c", .speaker = "b"}, {.speaker = "a"}};
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  CHECK(crew->speakers() == Names{"a", "c", "b"});
  CHECK(end->reason == "until");
  CHECK(end->by == "b");
}

TEST_CASE("a rule is held against what was said last, before that against the task") {
  TestTeam team = three();
  team.settings.rules = {{.match = "^Write", .speaker = "b"},
                         {.match = "turn\\.1$", .speaker = "c"},
                         {.after = "c", .match = "turn\\.1$", .speaker = "b"}};
  CHECK(speakers_of(team) == Names{"b", "c", "a"});  // the last: nothing applies, the next in order
}

TEST_CASE("a rule that would let the same one speak again is passed over, unless that is wanted") {
  TestTeam team = three();
  team.settings.rules = {{.speaker = "a"}, {.speaker = "b"}};
  CHECK(speakers_of(team) == Names{"a", "b", "a"});
  team.settings.repeat_speaker = true;
  CHECK(speakers_of(team) == Names{"a", "a", "a"});
}

TEST_CASE("a pattern that is none ends the team before anybody is asked") {
  TestTeam team = three();
  team.settings.rules = {{.match = "(", .speaker = "a"}};
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  REQUIRE(!end);
  CHECK(end.error().status == "failed");
  CHECK(crew->asked.empty());
}

TEST_CASE("a pattern that is too hard for a text is passed over, which is told") {
  TestTeam team = three();
  team.settings.rules = {{.after = "a", .match = "^(a+)+$", .speaker = "c"}};
  team.rules["a"] = by_key({}, std::string(60, 'a') + "!");
  const auto crew = team.crew();
  team.run(*crew);
  CHECK(crew->speakers() == Names{"a", "b", "c"});
  CHECK(crew->warnings() == Names{"rule_too_hard"});
}

TEST_CASE("who is asked picks the speaker among those that may speak") {
  TestTeam team = three();
  team.settings.model = "m";
  team.rules["selector"] = by_key({{"select.1", "c"}, {"select.2", "a"}}, "\"c\"");
  const auto crew = team.crew();
  team.run(*crew);
  CHECK(crew->speakers() == Names{"selector", "c", "selector", "a", "selector", "c"});
  CHECK(crew->keys() == Names{"select.1", "turn.1", "select.2", "turn.2", "select.3", "turn.3"});
  CHECK(crew->asked[0].text ==
        "Task: Write a poem.\n\nWho speaks next? One of:\n- a: plans\n- b\n- c\nReply with JSON and nothing "
        "else: "
        "{\"speaker\": \"NAME\"}");
  CHECK(crew->asked[2].text.find("c: c at turn.1") != std::string::npos);
  CHECK(crew->asked[2].text.find("\n- c") == std::string::npos);
  check_resumes(team);
  check_each_failure_ends(team);
  check_stops_anywhere(team);
}

TEST_CASE("a member that picks does not speak itself, and is told everything each time") {
  TestTeam team = three();
  team.members[0].remembers = true;
  team.settings.selector = "a";
  team.rules["a"] = by_key({{"select.1", "c"}}, "b");
  const auto crew = team.crew();
  team.run(*crew);
  // With two that may speak and nobody twice in a row there is nothing to pick after the first.
  CHECK(crew->speakers() == Names{"a", "c", "b", "c"});
  CHECK(crew->asked[0].text.find("- a") == std::string::npos);
}

TEST_CASE("a reply that names nobody is told so once, then the next in order speaks") {
  TestTeam team = three();
  team.settings.model = "m";
  team.rules["selector"] =
      by_key({{"select.1", "anybody"}, {"select.1.again", "b"}, {"select.2", "b"}}, "hm\nb: me");
  const auto crew = team.crew();
  team.run(*crew);
  CHECK(crew->speakers() == Names{"selector", "selector", "b", "selector", "selector", "c", "selector", "b"});
  CHECK(crew->warnings() == Names{"selector_unread"});
  CHECK(crew->asked[1].text.find("Your reply named none of the members that may speak now: anybody\n\nWho") !=
        std::string::npos);
  check_resumes(team);
}

TEST_CASE("who spoke last may not be picked, which the one that picks is told") {
  TestTeam team = three();
  team.settings.model = "m";
  team.rules["selector"] = by_key({}, "a");
  const auto crew = team.crew();
  team.run(*crew);
  CHECK(crew->keys() ==
        Names{"select.1", "turn.1", "select.2", "select.2.again", "turn.2", "select.3", "turn.3"});
  CHECK(crew->speakers() == Names{"selector", "a", "selector", "selector", "b", "selector", "a"});
  CHECK(crew->warnings() == Names{"selector_unread"});
  check_resumes(team);
}

TEST_CASE("a picker that fails is skipped like any member where that is the policy") {
  TestTeam team = three();
  team.settings.model = "m";
  team.settings.failure.on_failure = OnFailure::skip;
  team.rules["selector"] = [](const Ask& ask) -> Teamed<Reply> { return ConversationCrew::broke(ask.to); };
  const auto crew = team.crew();
  team.run(*crew);
  CHECK(crew->speakers() == Names{"selector", "a", "selector", "b", "selector", "c"});
}

TEST_CASE("the only one that may speak is not picked but asked") {
  TestTeam team = three();
  team.settings.model = "m";
  team.members.resize(1);
  CHECK(speakers_of(team) == Names{"a", "a", "a"});
  team.members.clear();
  CHECK(team.run(*team.crew()).error().reason == "no_member");
  team.members = {{.name = "a"}};
  team.settings.selector = "a";
  CHECK(team.run(*team.crew()).error().reason == "no_member");
}

TEST_CASE("a selector without a condition ends at its turns") {
  TestTeam team = three();
  team.settings.until.reset();
  team.settings.limits.turns = 7;
  const auto crew = team.crew();
  const auto end = team.run(*crew);
  CHECK(crew->asked.size() == 7);
  CHECK(end->reason == "max_turns");
}
