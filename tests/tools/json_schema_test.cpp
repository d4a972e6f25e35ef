#include "tools/json_schema.h"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;

namespace {

JsonSchema schema(std::string_view text, Dialect dialect = Dialect::automatic) {
  auto compiled = JsonSchema::parse(text, dialect);
  if (!compiled) throw std::runtime_error(compiled.error().message);
  return std::move(*compiled);
}

std::string refusal(std::string_view text) {
  auto compiled = JsonSchema::parse(text);
  return compiled ? "compiled" : compiled.error().message;
}

std::string problems(const JsonSchema& compiled, const Json& value) {
  const auto checked = compiled.check(value);
  return checked ? "" : checked.error().message;
}

}  // namespace

TEST_CASE("problems say the place, the rule and what was found, several at once") {
  const JsonSchema compiled = schema(R"({
    "type": "object",
    "properties": {"expression": {"type": "string", "minLength": 1},
                   "max_results": {"type": "integer", "minimum": 1, "maximum": 20},
                   "depth": {"enum": ["basic", "advanced"]},
                   "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}, "maxItems": 2, "uniqueItems": true}},
    "required": ["expression"], "additionalProperties": false})");

  CHECK(problems(compiled, Json::object()) == "/expression: is required");
  CHECK(problems(compiled, {{"expression", 5}}) == "/expression: must be a string, is 5");
  CHECK(problems(compiled, {{"expression", ""}}) == "/expression: must have at least 1 character, has 0");
  CHECK(problems(compiled, {{"expression", "1"}, {"max_results", 50}}) ==
        "/max_results: must be at most 20, is 50");
  CHECK(problems(compiled, {{"expression", "1"}, {"max_results", 2.5}}) ==
        "/max_results: must be an integer, is 2.5");
  CHECK(problems(compiled, {{"expression", "1"}, {"depth", "advancd"}}) ==
        "/depth: must be one of \"basic\", \"advanced\", is \"advancd\"; did you mean `advanced`?");
  CHECK(problems(compiled, {{"expresion", "1"}, {"max_results", 0}}) ==
        "/max_results: must be at least 1, is 0\n/expression: is required\n/expresion: is not known; did you "
        "mean `expression`?");
  CHECK(problems(compiled, {{"expression", "1"}, {"tags", {"ok", "NO"}}})
            .contains("/tags/1: must match the pattern ^[a-z]+$, is \"NO\""));
  CHECK(problems(compiled, {{"expression", "1"}, {"tags", {"a", "a"}}})
            .contains("/tags: must not have the same item twice"));
  CHECK(problems(compiled, {{"expression", "1"}, {"tags", {"a", "b", "c"}}})
            .contains("/tags: must have at most 2 items, has 3"));
  CHECK(problems(compiled, Json::array()) == "(root): must be an object, is an empty array");
  CHECK(compiled.check({{"expression", "1"}, {"max_results", 5.0}}));
}

TEST_CASE("an optional value of one type tells both ways") {
  const JsonSchema compiled =
      schema(R"({"properties":{"a":{"anyOf":[{"type":"string","pattern":"^x"},{"type":"null"}]}}})");
  CHECK(compiled.check({{"a", nullptr}}));
  CHECK(compiled.check({{"a", "xy"}}));
  CHECK(problems(compiled, {{"a", "y"}}).contains("/a: must match the pattern ^x"));
  CHECK(problems(compiled, {{"a", 5}}).contains("/a: matches none of the alternatives"));
}

TEST_CASE("local references work, recursive ones too") {
  const JsonSchema tree = schema(R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","properties":{
      "value":{"type":"integer"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}}},"required":["value"]}}})");
  CHECK(tree.check(Json::parse(R"({"value":1,"children":[{"value":2,"children":[{"value":3}]}]})")));
  CHECK(problems(tree, Json::parse(R"({"value":1,"children":[{"value":2,"children":[{"valu":3}]}]})"))
            .contains("/children/0/children/0/value: is required"));
  // 2020-12: what stands beside a reference counts; draft 7: it does not.
  CHECK_FALSE(schema(R"({"$ref":"#/$defs/s","maxLength":2,"$defs":{"s":{"type":"string"}}})").check("abc"));
  CHECK(
      schema(
          R"({"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/s","maxLength":2,"definitions":{"s":{"type":"string"}}})")
          .check("abc"));
}

TEST_CASE("what would not be enforced is refused, with its place") {
  CHECK(refusal(R"({"properties":{"a":{"unevaluatedProperties":false}}})")
            .contains("/properties/a: `unevaluatedProperties` is not supported"));
  CHECK(refusal(R"({"$dynamicRef":"#x"})").contains("`$dynamicRef`"));
  CHECK(refusal(R"({"contains":{},"minContains":2})").contains("`minContains`"));
  CHECK(refusal(R"({"$ref":"https://example.com/schema.json"})").contains("leads out of this document"));
  CHECK(refusal(R"({"$ref":"other.json#/definitions/x"})").contains("leads out of this document"));
  CHECK(refusal(R"({"$ref":"#/definitions/nothing"})").contains("leads to nothing"));
  CHECK(refusal(R"({"$ref":"#anchor"})").contains("anchor"));
  CHECK(refusal(R"({"properties":{"a":{"$id":"http://x/y"}}})").contains("$id"));
  CHECK(refusal(R"({"requird":["a"]})").contains("did you mean `required`"));
  CHECK(refusal(R"({"additionalproperties":false})").contains("did you mean `additionalProperties`"));
  CHECK(refusal(R"({"$schema":"https://example.com/mine"})").contains("no dialect"));
  CHECK(refusal(R"({"type":"objekt"})").contains("`type` must be"));
  CHECK(refusal(R"({"minimum":"5"})").contains("`minimum` must be a number"));
  CHECK(refusal(R"({"minimum":5,"exclusiveMinimum":true})").contains("draft 4"));
  CHECK(refusal(R"({"maxLength":-1})").contains("whole number"));
  CHECK(refusal(R"({"enum":[]})").contains("at least one"));
  CHECK(refusal(R"({"pattern":"("})").contains("not a regular expression"));
  CHECK(refusal(R"({"properties":[]})").contains("must be an object"));
  CHECK(refusal(R"({"properties":{"a":5}})").contains("/properties/a: a schema is"));
  CHECK(refusal(R"({"anyOf":[]})").contains("at least one schema"));
  CHECK(refusal(R"({"patternProperties":{"(a+$":{}}})").contains("not a regular expression"));
  CHECK(refusal("[]").contains("a schema is"));
  CHECK(refusal("{").contains("not valid JSON"));
  CHECK(refusal(R"({"x-order":1,"example":"a","title":"T","$comment":"c","format":"date"})") == "compiled");
}

TEST_CASE("references that never end or multiply are refused") {
  CHECK(refusal(R"({"$ref":"#"})").contains("refers to itself"));
  CHECK(refusal(R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"})")
            .contains("refers to itself"));
  CHECK(refusal(R"({"allOf":[{"anyOf":[{"$ref":"#"}]}]})").contains("refers to itself"));
  std::string doubling = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 40; ++i)
    doubling += "\"d" + std::to_string(i) + R"(":{"allOf":[{"$ref":"#/$defs/d)" + std::to_string(i + 1) +
                R"("},{"$ref":"#/$defs/d)" + std::to_string(i + 1) + R"("}]},)";
  doubling += R"("d40":{}}})";
  CHECK(refusal(doubling).contains("multiply"));
}

TEST_CASE("a pattern cannot stall or crash the daemon") {
  const JsonSchema evil = schema(R"({"type":"string","pattern":"^(a+)+$"})");
  CHECK(evil.check(std::string(200, 'a')));
  CHECK_FALSE(evil.check(std::string(40, 'a') + "!"));
  CHECK(problems(evil, std::string(1'000'000, 'a')).contains("give a shorter text"));
  const JsonSchema nested = schema(R"({"type":"string","pattern":"^((((a*)*)*)*)*b$"})");
  CHECK_FALSE(nested.check(std::string(30'000, 'a')));
  CHECK(schema(R"({"pattern":"^\\p{L}+$"})").check("한국어"));
  CHECK_FALSE(schema(R"({"pattern":"^\\d+$"})").check("١٢"));  // digits are ASCII in ECMAScript
}

TEST_CASE("deep and large values end in an answer") {
  const JsonSchema any = schema(R"({"$ref":"#/$defs/n","$defs":{"n":{"anyOf":[
      {"type":"array","items":{"$ref":"#/$defs/n"}},{"type":"array","items":{"$ref":"#/$defs/n"}}]}}})");
  Json deep = Json::array();
  for (int i = 0; i < 200; ++i) deep = Json::array({deep});
  CHECK(problems(any, deep).contains("nested deeper"));
  Json within_depth = 1;
  for (int i = 0; i < 60; ++i) within_depth = Json::array({within_depth});
  CHECK(problems(any, within_depth).contains("too large"));  // 2^60 ways to look at it

  const JsonSchema unique = schema(R"({"uniqueItems":true,"items":{"type":"integer"}})");
  Json many = Json::array();
  for (int i = 0; i < 20'000; ++i) many.push_back(i);
  CHECK(unique.check(many));
  const JsonSchema strings = schema(R"({"additionalProperties":{"type":"string"}})");
  Json wrong = Json::object();
  for (int i = 0; i < 50; ++i) wrong["k" + std::to_string(i)] = i;
  CHECK(problems(strings, wrong).contains("and 38 more"));
}

TEST_CASE("mending changes only what has one meaning") {
  const JsonSchema compiled = schema(R"({
    "type":"object",
    "properties":{"n":{"type":"integer"},"x":{"type":"number"},"b":{"type":"boolean"},"s":{"type":"string"},
                  "list":{"type":"array","items":{"type":"string"}},"obj":{"type":"object"},
                  "opt":{"anyOf":[{"type":"integer"},{"type":"null"}]},"either":{"type":["string","integer"]}},
    "required":["s"]})");
  const auto mended = [&](Json value) -> Json {
    value["s"] = value.contains("s") ? value["s"] : Json("t");
    auto checked = compiled.validate(value);
    if (!checked) return "refused: " + checked.error().message;
    checked->value.erase("s");
    return checked->value;
  };

  CHECK(mended({{"n", "5"}}) == Json{{"n", 5}});
  CHECK(mended({{"n", "-5"}}) == Json{{"n", -5}});
  CHECK(mended({{"x", "2.5"}}) == Json{{"x", 2.5}});
  CHECK(mended({{"b", "true"}}) == Json{{"b", true}});
  CHECK(mended({{"list", "one"}}) == Json{{"list", {"one"}}});
  CHECK(mended({{"list", R"(["a","b"])"}}) == Json{{"list", {"a", "b"}}});
  CHECK(mended({{"obj", R"({"a":1})"}}) == Json{{"obj", {{"a", 1}}}});
  CHECK(mended({{"n", nullptr}}) == Json::object());
  CHECK(mended({{"opt", "7"}}) == Json{{"opt", 7}});
  CHECK(mended({{"opt", nullptr}}) == Json{{"opt", nullptr}});
  CHECK(mended({{"either", "7"}}) == Json{{"either", "7"}});
  CHECK(mended({{"list", {1}}}) == Json{{"list", {"1"}}});

  for (const Json& value : {Json{{"n", "5.5"}}, Json{{"n", "five"}}, Json{{"n", ""}}, Json{{"n", "0x5"}},
                            Json{{"b", "yes"}}, Json{{"b", 1}}, Json{{"n", true}}, Json{{"obj", "text"}},
                            Json{{"s", nullptr}}, Json{{"n", "5 "}, {"b", "no"}}}) {
    CAPTURE(dump(value));
    CHECK(mended(value).dump().contains("refused"));
  }
}

TEST_CASE("a bare value is taken for the one argument there is") {
  const JsonSchema one = schema(
      R"({"type":"object","properties":{"query":{"type":"string"},"k":{"type":"integer"}},"required":["query"]})");
  const auto checked = one.validate("Seoul");
  REQUIRE(checked);
  CHECK(checked->value == Json{{"query", "Seoul"}});
  CHECK(checked->repairs.at(0) == "(root): a bare value taken as `query`");
  CHECK(one.validate(R"({"query":"Busan"})")->value == Json{{"query", "Busan"}});
  const JsonSchema two = schema(R"({"type":"object","properties":{"a":{},"b":{}},"required":["a","b"]})");
  CHECK_FALSE(two.validate("x"));
}

TEST_CASE("a bare value is taken for the one of several arguments that it fits") {
  const JsonSchema either = schema(
      R"({"type":"object","properties":{"query":{"type":"string"},"urls":{"type":"array","items":{"type":"string"}},"k":{"type":"integer"}},
          "anyOf":[{"required":["query"]},{"required":["urls"]}],"additionalProperties":false})");
  CHECK(either.validate("Seoul")->value == Json{{"query", "Seoul"}});
  CHECK(either.validate(Json{"https://a.example"})->value == Json{{"urls", {"https://a.example"}}});
  CHECK(either.validate("Seoul")->repairs.at(0) == "(root): a bare value taken as `query`");
  CHECK_FALSE(either.validate(7));
  const JsonSchema unclear = schema(
      R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"}},"anyOf":[{"required":["a"]},{"required":["b"]}]})");
  CHECK_FALSE(unclear.validate("x"));
  const JsonSchema more = schema(
      R"({"type":"object","properties":{"a":{"type":"string"},"b":{"type":"string"},"c":{}},"anyOf":[{"required":["a"]},{"required":["b","c"]}]})");
  CHECK(more.validate("x")->value == Json{{"a", "x"}});
  const JsonSchema both = schema(
      R"({"type":"object","properties":{"a":{"type":"string"},"b":{}},"required":["a","b"],"anyOf":[{"required":["a"]}]})");
  CHECK_FALSE(both.validate("x"));
}

namespace {

struct Tally {
  int groups = 0, refused = 0, tests = 0;
  std::vector<std::string> wrong;
};

// One file of the suite: groups of a schema and values with their verdicts.
void run_suite_file(const std::filesystem::path& path, Dialect dialect, Tally& tally) {
  std::ifstream file(path);
  const Json groups = Json::parse(file);
  for (const Json& group : groups) {
    ++tally.groups;
    const std::string title = path.filename().string() + ": " + group.at("description").get<std::string>();
    auto compiled = JsonSchema::compile(group.at("schema"), dialect);
    if (!compiled) {
      ++tally.refused;
      MESSAGE("refused: ", title, ": ", compiled.error().message);
      continue;
    }
    for (const Json& test : group.at("tests")) {
      ++tally.tests;
      if (compiled->check(test.at("data")).has_value() != test.at("valid").get<bool>())
        tally.wrong.push_back(title + ": " + test.at("description").get<std::string>());
    }
  }
}

}  // namespace

TEST_CASE("the official draft 7 suite") {
  const std::filesystem::path folder = "/usr/share/json-schema-test-suite/tests/draft7";
  if (!std::filesystem::is_directory(folder)) {
    MESSAGE("SKIPPED: the package json-schema-test-suite is not installed");
    return;
  }
  Tally tally;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".json") run_suite_file(entry.path(), Dialect::draft7, tally);
  for (const std::string& wrong : tally.wrong) MESSAGE("wrong: ", wrong);
  MESSAGE("draft 7 suite: ", tally.groups, " groups, ", tally.refused, " refused, ", tally.tests, " tests");
  CHECK(tally.wrong.empty());
}
