#include "agents/teams/patterns/join.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

using Until = JoinSettings::Until;
using State = JoinCount::State;

Reply said(std::string text, Json data = nullptr) {
  return {.text = std::move(text), .data = std::move(data), .status = "done"};
}

}  // namespace

TEST_CASE("all waits for all, and is lost with the first failure") {
  JoinCount count({.until = Until::all}, 3);
  count.succeeded(2);
  count.skipped();
  CHECK(count.state() == State::waiting);
  count.succeeded(1);
  CHECK(count.state() == State::enough);
  CHECK(count.there() == std::vector<std::size_t>{2, 1});
  JoinCount lost({.until = Until::all}, 3);
  lost.failed("down");
  CHECK(lost.state() == State::too_few);
  CHECK(lost.why() == "down");
}

TEST_CASE("what comes after the end is not counted") {
  JoinCount count({.until = Until::any}, 3);
  count.succeeded(1);
  count.succeeded(0);
  count.failed("stopped");
  CHECK(count.state() == State::enough);
  CHECK(count.there() == std::vector<std::size_t>{1});
}

TEST_CASE("a quorum is lost once too few are left, and one of more than there are at once") {
  JoinCount count({.until = Until::quorum, .quorum = 2}, 3);
  count.skipped();
  CHECK(count.state() == State::waiting);
  count.failed("down");
  CHECK(count.state() == State::too_few);
  CHECK(count.why() == "2 of 3 were needed, 0 succeeded, 1 were skipped and 1 failed: down");
  CHECK(JoinCount({.until = Until::quorum, .quorum = 4}, 3).state() == State::too_few);
  CHECK(JoinCount({.until = Until::all}, 0).state() == State::too_few);
  CHECK(JoinCount({.until = Until::any}, 0).state() == State::too_few);
}

TEST_CASE("results put together keep their data by name, and a single one is itself") {
  const auto both = concatenated({{"a", said("one")}, {"b", said("two", {{"n", 2}})}});
  CHECK(both.text == "## a\n\none\n\n## b\n\ntwo");
  CHECK(both.data == Json{{"a", "one"}, {"b", {{"n", 2}}}});
  CHECK(concatenated({{"a", said("one")}, {"b", said("two")}}).data.is_null());
  CHECK(concatenated({{"a", said("one")}}).text == "one");
}

TEST_CASE("votes are the same without case, blanks and marks around them; a tie is for who stands first") {
  CHECK(most_given({{"a", said("B")}, {"b", said("**a**")}, {"c", said(" A.\n")}}).text == "**a**");
  CHECK(most_given({{"a", said("x")}, {"b", said("y")}}).text == "x");
  CHECK(most_given({{"a", said("1.5")}, {"b", said("15")}, {"c", said("15")}}).text == "15");
  CHECK(most_given({{"a", said("...")}, {"b", said("")}, {"c", said("z")}}).text == "...");
}
