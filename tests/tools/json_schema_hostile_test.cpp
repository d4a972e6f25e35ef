// Schemas and values made to hurt: each ends in a verdict, within bounds of time, memory and stack.
#include "tools/json_schema.h"

#include <string>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

std::string refusal(std::string_view text) {
  const auto compiled = JsonSchema::parse(text);
  return compiled ? "compiled" : compiled.error().message;
}

std::string verdict(std::string_view text, const Json& value) {
  const auto compiled = JsonSchema::parse(text);
  if (!compiled) return "refused: " + compiled.error().message;
  const auto checked = compiled->check(value);
  return checked ? "fits" : checked.error().message;
}

Json nested_arrays(int levels, Json inner = Json(1)) {
  for (int i = 0; i < levels; ++i) inner = Json::array({std::move(inner)});
  return inner;
}

// {"$defs":{"d0": BODY with %d of the next, …}}: definitions that refer to one another in a row.
std::string chain(int count, std::string_view body_of_next, bool closed) {
  std::string text = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < count; ++i) {
    const bool last = i + 1 == count;
    const std::string reference =
        last && !closed ? "{}" : fmt::format(R"({{"$ref":"#/$defs/d{}"}})", last ? 0 : i + 1);
    std::string body(body_of_next);
    body.replace(body.find('@'), 1, reference);
    text += fmt::format(R"({}"d{}":{})", i ? "," : "", i, body);
  }
  return text + "}}";
}

}  // namespace

TEST_CASE("long chains of references end in a verdict, whichever way they go") {
  for (int count : {10, 100, 200, 1'000}) {
    CAPTURE(count);
    for (bool closed : {false, true}) {
      const std::string deeper = verdict(chain(count, R"({"properties":{"a":@}})", closed), Json::object());
      CHECK((deeper == "fits" || deeper.contains("refused: ")));
      const std::string items = verdict(chain(count, R"({"items":@})", closed), nested_arrays(60));
      CHECK((items == "fits" || items.contains("refused: ")));
    }
    const std::string in_place = verdict(chain(count, R"({"allOf":[@]})", false), Json(1));
    CHECK((in_place == "fits" || in_place.contains("refused: ")));
    const std::string endless = refusal(chain(count, R"({"allOf":[@]})", true));
    CHECK((endless.contains("itself") || endless.contains("512 steps")));
  }
  CHECK(verdict(chain(100, R"({"properties":{"a":@}})", true), Json::object()) == "fits");
}

TEST_CASE("schemas nested within one another do not add up to a stack overflow") {
  for (std::string_view wrapper :
       {R"({"allOf":[@]})", R"({"anyOf":[@]})", R"({"oneOf":[@]})", R"({"not":@})", R"({"if":@})",
        R"({"if":true,"then":@})", R"({"contains":@})", R"({"items":@})", R"({"prefixItems":[@]})"}) {
    CAPTURE(wrapper);
    std::string schema = R"({"items":{"$ref":"#"}})";
    for (int i = 0; i < 24; ++i) schema = std::string(wrapper).replace(wrapper.find('@'), 1, schema);
    const std::string answer = verdict(schema, nested_arrays(60));
    CHECK((answer == "fits" || answer.contains("too") || answer.contains("(root)")));
  }
  std::string deep = "{}";
  for (int i = 0; i < 60; ++i) deep = R"({"contains":)" + deep + "}";
  CHECK(verdict(deep, nested_arrays(60)) == "fits");
}

TEST_CASE("many hard patterns in one value stay within one budget") {
  Json many = Json::array();
  for (int i = 0; i < 10'000; ++i) many.push_back(std::string(40, 'a') + "!");
  CHECK(verdict(R"({"items":{"pattern":"^(a+)+$"}})", many).contains("too"));
  // The limit of the matcher counts for each place it begins at; this one stays just below it everywhere.
  const std::string sweep = verdict(R"({"pattern":"a{0,400}a{0,400}[bc]"})", std::string(60'000, 'a'));
  CHECK(sweep.contains("within its limits"));
  CHECK(verdict(R"({"pattern":"^[a-z ]+$"})", std::string(60'000, 'a')) == "fits");
  CHECK(verdict(R"({"pattern":"needle"})", std::string(60'000, 'n') + "needle") == "fits");
  CHECK(verdict(R"({"pattern":"(?R)?a|b"})", std::string(1'000, 'a')).contains("") == true);
  CHECK(refusal(fmt::format(R"({{"pattern":"{}"}})", std::string(5'000, 'a'))).contains("at most"));
  CHECK(refusal(R"({"pattern":"((((a{1,999}){1,999}){1,999}){1,999}){1,999}"})")
            .contains("not a regular expression"));
  CHECK(refusal(fmt::format(R"({{"pattern":"{}a{}"}})", std::string(1'000, '('), std::string(1'000, ')')))
            .contains("not a regular expression"));
}

TEST_CASE("names of any length are held against name patterns") {
  const std::string long_name(200'000, 'a');
  const std::string open =
      verdict(R"({"patternProperties":{"^[a-z]+$":{"type":"string"}}})", {{long_name, 5}});
  CHECK(open.contains("pattern"));
  CHECK(verdict(R"({"patternProperties":{"^[a-z]+$":{"type":"string"}}})", {{std::string(900, 'a'), 5}})
            .contains("must be a string"));
  Json names = Json::object();
  for (int i = 0; i < 500; ++i) names[std::string(200, 'a') + std::to_string(i)] = 1;
  CHECK(verdict(R"({"patternProperties":{"a*a*a*b":{}}})", names).contains(""));
}

TEST_CASE("name patterns apply their schemas, and additionalProperties sees the rest") {
  constexpr std::string_view kSchema = R"({
    "properties": {"id": {"type": "integer"}},
    "patternProperties": {"^x-": {"type": "string"}, "(ab)+$": {"properties": {"n": {"maximum": 3}}}},
    "additionalProperties": {"type": "boolean"}})";
  CHECK(verdict(kSchema, Json::parse(R"({"id":1,"x-a":"t","abab":{"n":3},"other":true})")) == "fits");
  CHECK(verdict(kSchema, Json::parse(R"({"x-a":1})")).contains("/x-a: must be a string, is 1"));
  CHECK(verdict(kSchema, Json::parse(R"({"abab":{"n":4}})")).contains("/abab/n: must be at most 3, is 4"));
  CHECK(verdict(kSchema, Json::parse(R"({"other":1})")).contains("/other: must be a boolean, is 1"));
  CHECK(verdict(kSchema, Json::parse(R"({"id":"x"})")).contains("/id: must be an integer"));
  constexpr std::string_view kClosed =
      R"({"properties":{"name":{}},"patternProperties":{"^x-":{}},"additionalProperties":false})";
  CHECK(verdict(kClosed, Json::parse(R"({"name":1,"x-1":2})")) == "fits");
  CHECK(verdict(kClosed, Json::parse(R"({"nam":1})")).contains("/nam: is not known; did you mean `name`?"));
  constexpr std::string_view kTree =
      R"({"type":"object","patternProperties":{"^child":{"$ref":"#"}},"additionalProperties":false})";
  CHECK(verdict(kTree, Json::parse(R"({"child1":{"child2":{"child3":{}}}})")) == "fits");
  CHECK(
      verdict(kTree, Json::parse(R"({"child1":{"child2":{"other":{}}}})")).contains("/child1/child2/other"));
  CHECK(verdict(R"({"not":{"patternProperties":{"^a":{"type":"string"}}}})", {{"a", "t"}}).contains("not"));
}

TEST_CASE("numbers at the edges are compared exactly") {
  const Json smallest = std::numeric_limits<std::int64_t>::min();
  const Json largest = std::numeric_limits<std::uint64_t>::max();
  CHECK(verdict(R"({"multipleOf":18446744073709551615})", smallest).contains("multiple"));
  CHECK(verdict(R"({"multipleOf":18446744073709551615})", largest) == "fits");
  CHECK(verdict(R"({"multipleOf":9223372036854775808})", smallest) == "fits");
  CHECK(verdict(R"({"maximum":18446744073709551615})", Json(5)) == "fits");
  CHECK(verdict(R"({"minimum":18446744073709551615})", Json(5)).contains("at least"));
  CHECK(verdict(R"({"maximum":-1})", largest).contains("at most"));
  CHECK(verdict(R"({"maximum":9007199254740992.0})", Json(9007199254740993)).contains("at most"));
  CHECK(verdict(R"({"maxLength":1e300})", Json("abc")) == "fits");
  CHECK(verdict(R"({"minLength":1e300})", Json("abc")).contains("at least"));
  CHECK(verdict(R"({"multipleOf":1e-320})", Json(1e300)).contains("multiple"));
  CHECK(verdict(R"({"const":10000000000000000000})", Json(1e19)) == "fits");
  CHECK(verdict(R"({"enum":[1, -0.0]})", Json(0)) == "fits");
}

TEST_CASE("formats say nothing about validity and cost nothing") {
  for (const char* format :
       {"date", "time", "date-time", "email", "ipv4", "ipv6", "uri", "regex", "nonsense"})
    CHECK(verdict(fmt::format(R"({{"format":"{}"}})", format), Json(std::string(100'000, '1'))) == "fits");
}

TEST_CASE("large constants and lists are compared within the budget") {
  Json items = Json::array();
  for (int i = 0; i < 2'000; ++i) items.push_back(std::string(500, 'x'));
  std::string schema = R"({"allOf":[)";
  for (int i = 0; i < 200; ++i) schema += R"({"uniqueItems":true},)";
  schema += "{}]}";
  for (std::size_t i = 0; i < items.size(); ++i) items[i] = std::string(500, 'x') + std::to_string(i);
  CHECK(verdict(schema, items).contains("too large"));
  CHECK(verdict(R"({"const":"x"})", items) != "fits");
}
