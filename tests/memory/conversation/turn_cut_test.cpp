#include "memory/conversation/turn_cut.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using models::Message;
using models::Role;

namespace {

Turn turn(std::string asked, std::string told, std::size_t steps = 0, std::size_t output = 400) {
  Turn made{.run = "r1",
            .user = {.role = Role::user, .content = std::move(asked)},
            .answer = Message{.role = Role::assistant, .content = std::move(told)}};
  for (std::size_t i = 0; i < steps; ++i) {
    const std::string id = "c" + std::to_string(i);
    made.steps.push_back({.role = Role::assistant, .tool_calls = {{id, "wiki", "{}"}}});
    made.steps.push_back({.role = Role::tool, .content = std::string(output, 'o'), .tool_call_id = id});
  }
  return made;
}

// No call without its result, no result without its call.
bool calls_are_closed(const std::vector<Message>& messages) {
  std::string open;
  for (const Message& message : messages) {
    if (message.role == Role::tool) {
      if (message.tool_call_id != open) return false;
      open.clear();
    } else {
      if (!open.empty()) return false;
      if (!message.tool_calls.empty()) open = message.tool_calls.front().id;
    }
  }
  return open.empty();
}

}  // namespace

TEST_CASE("a turn that fits is left alone") {
  CHECK(cut_turn(turn("a?", "A", 2), 10'000, estimated_tokens()).nothing());
}

TEST_CASE("steps go first, the oldest before, a call with its result, and it is said") {
  const Turn long_turn = turn("a?", "A", 5);
  const Ruler ruler = estimated_tokens();
  for (std::int64_t room = 40; room < size_of(long_turn, ruler); room += 17) {
    const TurnCut cut = cut_turn(long_turn, room, ruler);
    const auto messages = messages_of(long_turn, cut);
    CHECK(calls_are_closed(messages));
    CHECK(size_of(messages, ruler) <= room);
    CHECK_FALSE(cut.user);
    CHECK(messages.back().content == "A");
    CHECK(messages.front().content.contains("left out]"));
  }
  const auto two = messages_of(long_turn, {.steps = 3});
  CHECK(two.front().content == "a?\n\n[3 tool steps left out]");
  CHECK(two[1].tool_calls.front().id == "c3");
}

TEST_CASE("a long answer is shortened before a short question is, and the other way round") {
  const Ruler ruler = estimated_tokens();
  const std::string much(10'000, 'x');

  const TurnCut answer = cut_turn(turn("short?", much), 100, ruler);
  CHECK_FALSE(answer.user);
  CHECK(answer.answer);

  const TurnCut question = cut_turn(turn(much, "short."), 100, ruler);
  CHECK(question.user);
  CHECK_FALSE(question.answer);

  const Turn both = turn(much, much);
  const auto messages = messages_of(both, cut_turn(both, 300, ruler));
  CHECK(size_of(messages, ruler) <= 300);
  CHECK(ruler(messages[0]) > 80);
  CHECK(ruler(messages[1]) > 180);
}

TEST_CASE("a message that was not answered says so however short it is made") {
  store::RunRow row;
  row.input = std::string(50'000, 'x');
  row.status = row.reason = "cancelled";
  const auto unanswered = turn_of(row);
  REQUIRE(unanswered);

  const auto messages = messages_of(*unanswered, cut_turn(*unanswered, 100, estimated_tokens()));

  REQUIRE(messages.size() == 1);
  CHECK(messages[0].content.ends_with("[This message was not answered: the run was cancelled, cancelled.]"));
  CHECK(estimated_tokens()(messages[0]) <= 100);
}
