#include "agents/chains/reply_parser.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

Result<Json> parse(ChainStepSettings step, std::string_view reply) {
  auto parser = ReplyParser::make(step);
  REQUIRE(parser);
  return parser->read(reply);
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("JSON is read out of what models write around it") {
  CHECK(*parse({.parse = ParseAs::json}, "Sure!\n```json\n{'a': 1,}\n```") == Json{{"a", 1}});
  CHECK(*parse({.parse = ParseAs::json}, "[1, 2]") == Json::array({1, 2}));
  CHECK(*parse({.parse = ParseAs::json}, " 7 ") == Json(7));
  const auto none = parse({.parse = ParseAs::json}, "I cannot do that.");
  REQUIRE_FALSE(none);
  CHECK(none.error().message.contains("exactly one JSON value"));
}

TEST_CASE("a list is read however it is written") {
  CHECK(read_list("a, b,c") == Texts{"a", "b", "c"});
  CHECK(read_list("Here they are:\n\n1. one\n2) two, too\n10. ten\n\nThat is all.") ==
        Texts{"one", "two, too", "ten"});
  CHECK(read_list("* a\n• b\n- c") == Texts{"a", "b", "c"});
  CHECK(read_list("[\"x\", 2]") == Texts{"x", "2"});
  CHECK(read_list("```json\n[\"x\"]\n```") == Texts{"x"});
  CHECK(read_list("one\ntwo\n") == Texts{"one", "two"});
  CHECK(read_list("3.14 is pi, \"quoted\"") == Texts{"3.14 is pi", "quoted"});
  CHECK(read_list("사과, 배") == Texts{"사과", "배"});
  CHECK(read_list("  \n").empty());
  CHECK_FALSE(parse({.parse = ParseAs::list}, " "));
}

TEST_CASE("lines are those with something in them") {
  CHECK(*parse({.parse = ParseAs::lines}, "a\n\n  b  \r\n") == Json::array({"a", "b"}));
  CHECK_FALSE(parse({.parse = ParseAs::lines}, "\n"));
}

TEST_CASE("a pattern gives its first group, the one that is asked for, or all of its match") {
  const auto regex = [](std::string pattern, std::optional<int> group = {}) {
    return ChainStepSettings{.parse = ParseAs::regex, .pattern = std::move(pattern), .group = group};
  };
  CHECK(*parse(regex("Score: (\\d+)/(\\d+)"), "…Score: 7/10.") == Json("7"));
  CHECK(*parse(regex("Score: (\\d+)/(\\d+)", 2), "Score: 7/10") == Json("10"));
  CHECK(*parse(regex("Score: (\\d+)", 0), "x Score: 7") == Json("Score: 7"));
  CHECK(*parse(regex("\\d+"), "x 12 y") == Json("12"));
  CHECK_FALSE(parse(regex("\\d+"), "none"));
  CHECK_FALSE(parse(regex("a(b)?", 1), "a"));  // a group that took no part
  CHECK_FALSE(parse(regex("(x+x+)+y"), std::string(5'000, 'x')));
  CHECK_FALSE(parse(regex("a"), std::string(70'000, 'a')));
}

TEST_CASE("JSON that does not fit its schema is refused with every problem") {
  const auto schema =
      parse_json(R"({"type":"object","required":["a"],"properties":{"a":{"type":"integer"}}})");
  const ChainStepSettings step{.parse = ParseAs::schema, .schema = *schema};
  CHECK(*parse(step, "It is {\"a\": 3}") == Json{{"a", 3}});
  const auto bad = parse(step, R"({"a": "x"})");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message.contains("/a"));
}
