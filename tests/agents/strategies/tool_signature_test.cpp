#include "agents/strategies/tool_signature.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

std::string signature(const char* properties, const char* required = "[]") {
  return tool_signature({"t", "d",
                         std::string(R"({"type":"object","properties":)") + properties + R"(,"required":)" +
                             required + R"(,"additionalProperties":false})"});
}

}  // namespace

TEST_CASE("arguments are shown with type, range, default and whether they may be left out") {
  CHECK(
      signature(
          R"({"query":{"type":"string"},"max_results":{"type":"integer","minimum":1,"maximum":10,"default":5}})",
          R"(["query"])") == "t(query: string, max_results?: integer 1..10 = 5)");
  CHECK(signature(R"({"a":{"enum":["x","y"]},"b":{"type":["string","null"]},"c":{"const":1}})") ==
        R"(t(a?: "x" | "y", b?: string | null, c?: 1))");
  CHECK(
      signature(
          R"({"a":{"type":"array","items":{"type":"string"}},"b":{"type":"array","items":{"type":"integer","minimum":0},"maxItems":3}})") ==
      "t(a?: string[], b?: (integer >= 0)[] <= 3 items)");
  CHECK(
      signature(
          R"({"o":{"type":"object","properties":{"x":{"type":"number"},"y":{"type":"boolean"}},"required":["x"]}})") ==
      "t(o?: {x: number, y?: boolean})");
  CHECK(
      signature(
          R"({"s":{"type":"string","minLength":1,"maxLength":300},"d":{"type":"string","format":"date"},"p":{"type":"string","pattern":"^a$"}})") ==
      "t(s?: string 1..300 chars, d?: string (date), p?: string matching /^a$/)");
  CHECK(
      signature(
          R"({"u":{"anyOf":[{"type":"integer"},{"type":"string"}]},"any":{},"n":{"type":"number","exclusiveMinimum":0}})") ==
      "t(u?: integer | string, any?: any, n?: number > 0)");
  CHECK(tool_signature({"t", "", R"({"type":"object"})"}) == "t()");
}

TEST_CASE("what has no such form stands as JSON Schema, never as something else than it is") {
  CHECK(signature(R"({"x":{"$ref":"#/$defs/x"}})") == R"(t(x?: JSON Schema {"$ref":"#/$defs/x"}))");
  CHECK(signature(R"({"x":{"type":"string","contentEncoding":"base64"}})").contains("contentEncoding"));
  CHECK(signature(R"({"x":{"type":"object","patternProperties":{"^a":{}}}})").contains("patternProperties"));
  CHECK(tool_signature({"t", "", R"({"oneOf":[{"required":["a"]},{"required":["b"]}]})"})
            .starts_with("t(JSON Schema {"));
}

TEST_CASE("descriptions of arguments follow, those of inner ones with their path") {
  CHECK(
      argument_details({"t", "d",
                        R"({"type":"object","properties":{"q":{"type":"string","description":"what\nto find"},
        "f":{"type":"object","properties":{"a":{"type":"string","description":"inner"}}},
        "l":{"type":"array","items":{"type":"object","properties":{"b":{"type":"string","description":"deep"}}}}}})"}) ==
      "\n    q: what to find\n    f.a: inner\n    l[].b: deep");
}
