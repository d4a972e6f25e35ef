#include "agents/teams/conversation/until.h"

#include "tests/agents/teams/conversation_crew.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;
using Kind = UntilSettings::Kind;

namespace {

Conversation conversation() {
  Conversation said("Say TERMINATE when you are done.");
  said.said({.from = "writer#2", .text = "a poem"});
  said.remark("TERMINATE soon");
  said.said({.from = "critic", .text = "I think **DONE**."});
  return said;
}

bool held(const UntilSettings& until, TeamUse use = {}) {
  return holds(until, conversation(), use).has_value();
}

UntilSettings text(std::string word) {
  return {.kind = Kind::text, .text = std::move(word)};
}

}  // namespace

TEST_CASE("messages are counted as members said them") {
  CHECK(held({.kind = Kind::messages, .count = 2}));
  CHECK(!held({.kind = Kind::messages, .count = 3}));
}

TEST_CASE("a text is looked for in what members said, not in the task or in remarks of the team") {
  CHECK(held(text("DONE")));
  CHECK(!held(text("TERMINATE")));
  CHECK(!held(text("done")));
  CHECK(!held(text("")));
  const auto found = holds(text("DONE"), conversation(), {});
  CHECK(found->at == 2);
  CHECK(found->words == "critic said \"DONE\"");
}

TEST_CASE("a speaker has spoken, also as a copy") {
  CHECK(held({.kind = Kind::speaker, .text = "writer"}));
  CHECK(held({.kind = Kind::speaker, .text = "writer#2"}));
  CHECK(!held({.kind = Kind::speaker, .text = "write"}));
  CHECK(!held({.kind = Kind::speaker, .text = ""}));
}

TEST_CASE("what was used is held against its bound") {
  const TeamUse use{.tokens = 100, .cost = 0.5, .time = Milliseconds(60'000), .turns = 3};
  CHECK(held({.kind = Kind::tokens, .count = 100}, use));
  CHECK(!held({.kind = Kind::tokens, .count = 101}, use));
  CHECK(held({.kind = Kind::cost, .cost = 0.5}, use));
  CHECK(!held({.kind = Kind::cost, .cost = 0.51}, use));
  CHECK(held({.kind = Kind::turns, .count = 3}, use));
  CHECK(!held({.kind = Kind::turns, .count = 4}, use));
  CHECK(!held({.kind = Kind::time, .time = Milliseconds(60'001)}, use));
  CHECK(holds({.kind = Kind::time, .time = Milliseconds(60'000)}, conversation(), use)->words == "1m passed");
}

TEST_CASE("conditions combine, and say which of them held") {
  const UntilSettings yes = text("DONE"), no = text("TERMINATE"), two{.kind = Kind::messages, .count = 2};
  CHECK(holds({.kind = Kind::any, .parts = {no, two, yes}}, conversation(), {})->words == "2 messages");
  const auto both = holds({.kind = Kind::all, .parts = {two, yes}}, conversation(), {});
  CHECK(both->words == "2 messages and critic said \"DONE\"");
  CHECK(both->marker == "DONE");
  CHECK(both->at == 2);
  CHECK(!held({.kind = Kind::all, .parts = {yes, no}}));
  CHECK(held({.kind = Kind::negation, .parts = {no}}));
  CHECK(!held({.kind = Kind::negation, .parts = {yes}}));
  CHECK(held({.kind = Kind::all, .parts = {two, {.kind = Kind::negation, .parts = {no}}}}));
}

TEST_CASE("a list without conditions never holds") {
  CHECK(!held({.kind = Kind::any}));
  CHECK(!held({.kind = Kind::all}));
  CHECK(!held({.kind = Kind::negation}));
}

TEST_CASE("what depends on the clock is decided once, whatever it is later") {
  TeamSettings settings;
  settings.until =
      UntilSettings{.kind = Kind::any, .parts = {text("X"), {.kind = Kind::time, .time = Milliseconds(10)}}};
  ConversationCrew first(settings, {});
  first.use.time = Milliseconds(9);
  CHECK(!held_until(first, "until.1", conversation()));
  first.use.time = Milliseconds(11);
  CHECK(held_until(first, "until.2", conversation())->words == "10ms passed");
  CHECK(first.outcomes.size() == 2);

  ConversationCrew later(settings, {}, first.outcomes);
  later.use.time = Milliseconds(1'000);
  CHECK(!held_until(later, "until.1", conversation()));
  later.use.time = Milliseconds(0);
  CHECK(held_until(later, "until.2", conversation())->words == "10ms passed");
}

TEST_CASE("a decision that was written down keeps what it was found in") {
  TeamSettings settings;
  settings.until =
      UntilSettings{.kind = Kind::all, .parts = {text("DONE"), {.kind = Kind::turns, .count = 1}}};
  ConversationCrew first(settings, {});
  first.use.turns = 1;
  const auto held_first = held_until(first, "until.1", conversation());
  ConversationCrew later(settings, {}, first.outcomes);
  const auto held_later = held_until(later, "until.1", conversation());
  REQUIRE(held_later);
  CHECK(held_later->at == held_first->at);
  CHECK(held_later->marker == "DONE");
  const auto shorter = held_until(later, "until.1", Conversation("T"));
  REQUIRE(shorter);
  CHECK(!shorter->at);
}

TEST_CASE("what depends on what was said alone needs no decision") {
  TeamSettings settings;
  settings.until = text("DONE");
  ConversationCrew crew(settings, {});
  CHECK(held_until(crew, "until.1", conversation()));
  CHECK(crew.outcomes.empty());
  ConversationCrew without(TeamSettings{}, {});
  CHECK(!held_until(without, "until.1", conversation()));
}
