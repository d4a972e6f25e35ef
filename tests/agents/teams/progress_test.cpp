#include "agents/teams/conversation/progress.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

TeamLimits bounds(int stall, int repeats) {
  TeamLimits limits;
  limits.stall = stall;
  limits.repeats = repeats;
  return limits;
}

std::string long_text(int changed) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "word";
    text += static_cast<char>('a' + i % 26);
    text += static_cast<char>('a' + i / 26);
    if (i == changed) text += "changed";
    text += ' ';
  }
  return text;
}

}  // namespace

TEST_CASE("case, blanks and punctuation do not make another text, numbers do") {
  CHECK(plain_text("  Hello,\n WORLD!! ") == "hello world");
  CHECK(plain_text("costs 3.50, not 3,500 or -2 - a-b 7.") == "costs 3.50 not 3,500 or -2 a b 7");
  CHECK(plain_text("3.50") != plain_text("350"));
  CHECK(plain_text("x = -1") != plain_text("x = 1"));
  CHECK(plain_text("...").empty());
}

TEST_CASE("the same text of the same speaker was said before, also nearly the same") {
  SaidBefore before;
  CHECK(!before.add("a", "Yes."));
  CHECK(before.add("a", "yes"));
  CHECK(!before.add("b", "yes"));
  CHECK(!before.add("a", "no"));
  CHECK(!before.add("a", long_text(-1)));
  CHECK(before.add("a", long_text(50)));
  CHECK(!before.add("a", "page 3 of the report is done and looks fine to me now"));
  CHECK(!before.add("a", "page 4 of the report is done and looks fine to me now"));
  CHECK(!before.add("c", long_text(50) + "1"));
  CHECK(!before.add("c", long_text(50) + "2"));
}

TEST_CASE("a text counts as said however long ago it was") {
  SaidBefore before;
  before.add("a", "first");
  for (int i = 0; i < 100; ++i) before.add("a", "number " + std::to_string(i));
  CHECK(before.add("a", "First!"));
}

TEST_CASE("turns without progress lead to a new plan once, and then to the end") {
  Progress progress(bounds(3, 0));
  CHECK(progress.turn("a", "one") == Pace::moving);
  CHECK(progress.turn("b", "") == Pace::moving);
  CHECK(progress.turn("a", "One") == Pace::moving);
  CHECK(progress.turn("b", " \n") == Pace::new_plan);
  CHECK(progress.turn("a", "one") == Pace::moving);
  CHECK(progress.turn("a", "one") == Pace::moving);
  CHECK(progress.without() == 2);
  CHECK(progress.turn("a", "one") == Pace::stalled);
}

TEST_CASE("a turn that brings something starts the count anew") {
  Progress progress(bounds(2, 0));
  for (int i = 0; i < 20; ++i) {
    CHECK(progress.turn("a", "same") == Pace::moving);
    CHECK(progress.turn("a", "news " + std::to_string(i)) == Pace::moving);
  }
}

TEST_CASE("who calls can know that there was no progress") {
  Progress progress(bounds(2, 0));
  CHECK(progress.turn("a", "one", true) == Pace::moving);
  CHECK(progress.turn("a", "two", true) == Pace::new_plan);
}

TEST_CASE("two that tell each other the same are seen, at the last of so many times") {
  Progress progress(bounds(0, 3));
  CHECK(progress.turn("a", "ping") == Pace::moving);
  CHECK(progress.turn("b", "pong") == Pace::moving);
  CHECK(progress.turn("a", "ping") == Pace::moving);
  CHECK(progress.turn("b", "pong") == Pace::moving);
  CHECK(progress.turn("a", "Ping!") == Pace::repeating);
}

TEST_CASE("a third who says something, or one that talks alone, is no such pair") {
  Progress progress(bounds(0, 2));
  for (int i = 0; i < 5; ++i) {
    CHECK(progress.turn("a", "ping") == Pace::moving);
    CHECK(progress.turn("b", "pong") == Pace::moving);
    CHECK(progress.turn("c", "news " + std::to_string(i)) == Pace::moving);
  }
  Progress alone(bounds(0, 2));
  for (int i = 0; i < 5; ++i) CHECK(alone.turn("a", "ping") == Pace::moving);
}

TEST_CASE("a bound of nothing is none") {
  Progress progress(bounds(0, 0));
  for (int i = 0; i < 20; ++i) {
    CHECK(progress.turn("a", "") == Pace::moving);
    CHECK(progress.turn("b", "") == Pace::moving);
  }
}
