#include "agents/teams/patterns/conditions.h"

#include "agents/teams/blackboard.h"
#include "agents/teams/limits.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

using Kind = ConditionSettings::Kind;
using Test = ConditionSettings::Test;

struct Bench {
  NodeOutputs outputs = {{"review", {.text = " APPROVED \n"}},
                         {"count", {.text = "7"}},
                         {"data", {.text = "x", .data = {{"ok", true}, {"n", 3}, {"tags", {"a", "b"}}}}},
                         {"json", {.text = R"({"ok": false, "a/b": {"m~n": [10, 20]}})"}},
                         {"empty", {}}};
  Blackboard board;

  EdgeVerdict judged(const ConditionSettings& condition) {
    return judge(condition, "review", outputs, board);
  }
  bool holds(std::string of, std::string pointer, Test test, Json value = nullptr) {
    return judged(
               {.of = std::move(of), .pointer = std::move(pointer), .test = test, .value = std::move(value)})
        .applies;
  }
};

}  // namespace

TEST_CASE("a text is looked at without blanks around it, that of the node the edge comes from first of all") {
  Bench bench;
  CHECK(bench.holds("", "", Test::equals, "APPROVED"));
  CHECK_FALSE(bench.holds("", "", Test::equals, "approved"));
  CHECK(bench.holds("", "", Test::differs, "REJECTED"));
  CHECK(bench.holds("", "", Test::contains, "PROV"));
  CHECK_FALSE(bench.holds("", "", Test::contains, "no"));
  CHECK(bench.holds("", "", Test::matches, "^APP"));
  CHECK_FALSE(bench.holds("", "", Test::matches, "^app"));
  CHECK(bench.holds("", "", Test::in, {"YES", "APPROVED"}));
  CHECK_FALSE(bench.holds("", "", Test::in, {"YES", "OK"}));
  CHECK(bench.holds("", "", Test::exists));
}

TEST_CASE("data is looked at by pointer, that of a text that is JSON as well") {
  Bench bench;
  CHECK(bench.holds("data", "/ok", Test::equals, true));
  CHECK(bench.holds("data", "/n", Test::equals, 3));
  CHECK(bench.holds("data", "/n", Test::less, 4));
  CHECK_FALSE(bench.holds("data", "/n", Test::less, 3));
  CHECK(bench.holds("data", "/n", Test::more, 2.5));
  CHECK(bench.holds("data", "/tags", Test::contains, "b"));
  CHECK(bench.holds("data", "/tags/1", Test::equals, "b"));
  CHECK(bench.holds("data", "", Test::equals, {{"ok", true}, {"n", 3}, {"tags", {"a", "b"}}}));
  CHECK(bench.holds("json", "/ok", Test::equals, false));
  CHECK(bench.holds("json", "/a~1b/m~0n/1", Test::equals, 20));
}

TEST_CASE("a text that is a number, or true or false, is one where such is wanted") {
  Bench bench;
  CHECK(bench.holds("count", "", Test::more, 6));
  CHECK(bench.holds("count", "", Test::equals, 7));
  CHECK(bench.holds("count", "", Test::in, {6, 7}));
  CHECK_FALSE(bench.holds("count", "", Test::less, "a"));
  CHECK_FALSE(bench.holds("", "", Test::more, 6));
  bench.outputs["yes"].text = "True";
  CHECK(bench.holds("yes", "", Test::equals, true));
  CHECK(bench.holds("yes", "", Test::differs, false));
}

TEST_CASE("what is not there only differs") {
  Bench bench;
  for (const auto& [of, pointer] : std::vector<std::pair<std::string, std::string>>{{"nobody", ""},
                                                                                    {"empty", ""},
                                                                                    {"empty", "/x"},
                                                                                    {"data", "/x"},
                                                                                    {"data", "/tags/2"},
                                                                                    {"data", "/tags/01"},
                                                                                    {"data", "/tags/-"},
                                                                                    {"data", "ok"},
                                                                                    {"data", "/ok/x"},
                                                                                    {"board.x", ""}}) {
    CAPTURE(of + pointer);
    for (const auto test :
         {Test::equals, Test::contains, Test::matches, Test::less, Test::more, Test::in, Test::exists})
      CHECK_FALSE(bench.holds(of, pointer, test, "x"));
    CHECK(bench.holds(of, pointer, Test::differs, "x"));
  }
}

TEST_CASE("a null is there, and does not exist") {
  Bench bench;
  bench.outputs["data"].data = {{"x", nullptr}};
  CHECK_FALSE(bench.holds("data", "/x", Test::exists));
  CHECK(bench.holds("data", "/x", Test::equals, nullptr));
}

TEST_CASE("the blackboard is looked at by name") {
  Bench bench;
  REQUIRE(bench.board.write("plan", {{"done", 2}}, "a", "k"));
  CHECK(bench.holds("board.plan", "/done", Test::equals, 2));
  CHECK(bench.holds("board.plan", "", Test::exists));
  CHECK(bench.holds("board.plan", "", Test::contains, "done"));
}

TEST_CASE("conditions are put together") {
  Bench bench;
  const ConditionSettings yes{.test = Test::contains, .value = "APP"};
  const ConditionSettings no{.test = Test::contains, .value = "none"};
  const auto of = [&](Kind kind, std::vector<ConditionSettings> parts) {
    return bench.judged({.kind = kind, .parts = std::move(parts)}).applies;
  };
  CHECK(of(Kind::all, {yes, yes}));
  CHECK_FALSE(of(Kind::all, {yes, no}));
  CHECK(of(Kind::any, {no, yes}));
  CHECK_FALSE(of(Kind::any, {no, no}));
  CHECK(of(Kind::negation, {no}));
  CHECK_FALSE(of(Kind::negation, {yes}));
  CHECK(of(Kind::all, {{.kind = Kind::negation, .parts = {no}}, yes}));
}

TEST_CASE("a condition tells what it looked at, what was there and what was wanted") {
  Bench bench;
  CHECK(bench.judged({.of = "data", .pointer = "/n", .test = Test::more, .value = 5}).told ==
        "data/n is more than 5: it is 3");
  CHECK(bench.judged({.pointer = "/x"}).told == "review/x exists: it is not there");
  const ConditionSettings leaf{.test = Test::equals, .value = "NO"};
  CHECK(bench.judged({.kind = Kind::any, .parts = {leaf, {.kind = Kind::negation, .parts = {leaf}}}}).told ==
        R"((review equals "NO": it is "APPROVED" or not (review equals "NO": it is "APPROVED")))");
  bench.outputs["review"].text = std::string(10'000, 'x');
  CHECK(bench.judged(leaf).told.size() < 200);
}

TEST_CASE("a pattern that is none, or too hard, applies to nothing and says so") {
  Bench bench;
  const auto broken = bench.judged({.test = Test::matches, .value = "("});
  CHECK_FALSE(broken.applies);
  CHECK(broken.told.contains("review matches \"(\" ("));
  bench.outputs["review"].text = std::string(30'000, 'a');
  const auto hard = bench.judged({.test = Test::matches, .value = "(a+)+b"});
  CHECK_FALSE(hard.applies);
  bench.outputs["review"].text = std::string(limits::kConditionBytes - 1, 'a') + "b";
  CHECK(bench.holds("", "", Test::matches, "b$"));
}

TEST_CASE("a text that is no UTF-8 is searched like any other, as far as the limit") {
  Bench bench;
  bench.outputs["review"].text = "a\xff\xe2\x82 b";
  CHECK(bench.holds("", "", Test::matches, "^a.* b$"));
  bench.outputs["review"].data = {{"x", std::string("\xed\xa0\x80 b")},
                                  {"y", std::string(1'000'000, 'a') + "b"}};
  CHECK(bench.holds("", "/x", Test::matches, " b$"));
  CHECK_FALSE(bench.holds("", "/y", Test::matches, "b"));
}

TEST_CASE("data is what was given as such, or a text that is nothing else than JSON") {
  CHECK(data_of({.text = "{}", .data = 1}) == 1);
  CHECK(data_of({.text = " [1, 2]\n"}) == Json::array({1, 2}));
  CHECK(data_of({.text = "```json\n{\"a\": 1}\n```"}) == Json{{"a", 1}});
  for (const char* text : {"", "7", "\"x\"", "here: {}", "{\"a\": 1", "``````", "```{}```", "{} {}"})
    CHECK(data_of({.text = text}).is_null());
}
