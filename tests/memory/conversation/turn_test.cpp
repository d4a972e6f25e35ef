#include "memory/conversation/turn.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

store::RunRow turn(std::string input, std::string answer, std::string status = "done",
                   std::string reason = "final_answer") {
  store::RunRow row;
  row.input = std::move(input);
  row.answer = std::move(answer);
  row.status = std::move(status);
  row.reason = std::move(reason);
  return row;
}

}  // namespace

TEST_CASE("turns become user and assistant messages, oldest first") {
  auto messages = fold_turns({turn("a?", "A"), turn("b?", "B")}, 10);

  REQUIRE(messages.size() == 4);
  CHECK(messages[0].role == models::Role::user);
  CHECK(messages[0].content == "a?");
  CHECK(messages[3].content == "B");
}

TEST_CASE("a window keeps the last turns") {
  auto messages = fold_turns({turn("a?", "A"), turn("b?", "B"), turn("c?", "C")}, 2);

  REQUIRE(messages.size() == 4);
  CHECK(messages[0].content == "b?");
  CHECK(fold_turns({turn("a?", "A")}, 0).empty());
}

TEST_CASE("the input of a failed or cancelled run stays, marked so, without an answer") {
  auto messages = fold_turns({turn("a?", "half an ans", "cancelled", "cancelled"), turn("b?", "B")}, 10);

  REQUIRE(messages.size() == 3);
  CHECK(messages[0].content.starts_with("a?\n\n[This message was not answered: the run was cancelled"));
  CHECK(messages[1].content == "b?");
}

TEST_CASE("what does not fit the byte limit is left out, oldest first, in whole turns") {
  auto messages = fold_turns({turn(std::string(50, 'a'), "A"), turn("b?", "B")}, 10, 20);

  REQUIRE(messages.size() == 2);
  CHECK(messages[0].content == "b?");
}

TEST_CASE("of a run whose message is withheld nothing stays") {
  store::RunRow row = turn("a?", "A");
  row.extra = withheld("{\"inputs\":{}}");

  CHECK(fold_turns({row}, 10).empty());
  CHECK(row.extra == R"({"inputs":{},"withheld":true})");
}

TEST_CASE("an answer to nothing is not asked with an empty message") {
  const auto first = turn_of(turn("", "Hello, what can I do?"));

  REQUIRE(first);
  CHECK(first->user.content == "[The assistant spoke first.]");
}
