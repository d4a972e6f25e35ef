#include "tests/agents/strategies/bench.h"

using namespace troupe;
using namespace troupe::agents;

namespace {

const Json kCity = *parse_json(
    R"({"type":"object","properties":{"city":{"type":"string","minLength":1},"people":{"type":"integer","minimum":0}},"required":["city","people"],"additionalProperties":false})");

/// An answer as a model of this strategy writes it.
std::string answer_in(const std::string& strategy, const std::string& json) {
  if (strategy == "react" || strategy == "plan_execute")
    return R"({"thought":"t","final_answer":)" + json + "}";
  if (strategy == "docstore") return "Thought: t\nAction: Finish[" + json + "]";
  if (strategy == "self_ask") return "So the final answer is: " + json;
  if (strategy == "tools") return json;
  return "Final Answer: " + json;
}

}  // namespace

TEST_CASE("an answer that fits the schema goes out as data, in every strategy") {
  for (const std::string& name : strategy_names()) {
    CAPTURE(name);
    Bench bench(name, {kWiki}, {.schema = kCity});
    const Finish end = end_of(bench.says(answer_in(name, R"({"city":"Seoul","people":9400000})")));
    CHECK(end.status == "done");
    CHECK(end.data == Json{{"city", "Seoul"}, {"people", 9400000}});
    CHECK(end.answer == R"({"city":"Seoul","people":9400000})");
  }
}

TEST_CASE(
    "an answer that does not fit is sent back with pointer and rule, as often as said, then unparsable") {
  for (const std::string& name : strategy_names())
    for (int retries : {0, 1, 2}) {
      CAPTURE(name);
      CAPTURE(retries);
      Bench bench(name, {kWiki}, {.schema = kCity, .retries = retries});
      for (int i = 0; i < retries; ++i) {
        Step step = bench.says(answer_in(name, R"({"city":"Seoul","people":-1})"));
        REQUIRE(std::holds_alternative<AskModel>(step));
        CHECK(bench.last().contains("/people"));
        CHECK(bench.last().contains("at least 0"));
        CHECK(std::get<Malformed>(bench.loop->reading().outcome).kind == Malformed::Kind::answer);
      }
      const Finish end = end_of(bench.says(answer_in(name, R"({"city":"Seoul","people":-1})")));
      CHECK(end.status == "failed");
      CHECK(end.reason == "unparsable");
      CHECK(end.detail.contains("/people"));
    }
}

TEST_CASE("a second try that fits ends the run well, also after calls in between") {
  Bench bench("react", {kWiki}, {.schema = kCity, .retries = 1});
  bench.says(R"({"final_answer":{"city":"Seoul"}})");
  CHECK(bench.last().contains("people"));
  bench.give(bench.says(R"({"action":"wiki","action_input":{"query":"Seoul"}})"), "9,400,000");
  CHECK(end_of(bench.says(R"({"final_answer":{"city":"Seoul","people":9400000}})")).status == "done");
}

TEST_CASE("JSON is found in a text, in a fence and in prose; what can be meant in one way only is mended") {
  for (const char* text :
       {R"({"final_answer":"{\"city\":\"Seoul\",\"people\":1}"})",
        R"({"final_answer":{"city":"Seoul","people":"1"}})", R"({"city":"Seoul","people":1})",
        "```json\n{\"city\": \"Seoul\", \"people\": 1}\n```",
        "Final Answer: here it is: {'city': 'Seoul', 'people': 1,}"}) {
    CAPTURE(text);
    Bench bench("react", {kWiki}, {.schema = kCity});
    CHECK(end_of(bench.says(text)).data == Json{{"city", "Seoul"}, {"people", 1}});
  }
  Bench chat("tools", {kWiki}, {.schema = kCity});
  CHECK(end_of(chat.says("Sure:\n```json\n{\"city\":\"Seoul\",\"people\":1}\n```\nAnything else?")).data ==
        Json{{"city", "Seoul"}, {"people", 1}});
}

TEST_CASE("a lenient schema does not take the step around an answer for the answer") {
  Bench bench("react", {kWiki}, {.schema = Json{{"type", "object"}}, .retries = 1});
  CHECK(std::holds_alternative<AskModel>(bench.says(R"({"thought":"t","final_answer":"just text"})")));
  CHECK(only_call(bench.says(R"({"action":"wiki","action_input":{"query":"x"}})")).tool == "wiki");
}

TEST_CASE("a schema of one text keeps the text for people; a list stays JSON") {
  Json one = {
      {"type", "object"}, {"properties", {{"summary", {{"type", "string"}}}}}, {"required", {"summary"}}};
  Bench bench("react", {kWiki}, {.schema = one});
  const Finish end = end_of(bench.says(R"({"final_answer":{"summary":"short"}})"));
  CHECK(end.answer == "short");
  CHECK(end.data == Json{{"summary", "short"}});

  Json word = {{"type", "string"}, {"enum", {"yes", "no"}}};
  Bench choice("react", {kWiki}, {.schema = word, .retries = 1});
  CHECK(std::holds_alternative<AskModel>(choice.says(R"({"final_answer":"perhaps"})")));
  const Finish yes = end_of(choice.says(R"({"final_answer":"yes"})"));
  CHECK(yes.answer == "yes");
  CHECK(yes.data == "yes");

  Bench list("react", {kWiki}, {.schema = {{"type", "array"}, {"items", {{"type", "integer"}}}}});
  CHECK(end_of(list.says(R"({"final_answer":[1,2]})")).answer == "[1,2]");
}

TEST_CASE("the result of a plan's step need not fit, the answer must") {
  Bench bench("plan_execute", {kWiki}, {.schema = kCity, .retries = 0});
  bench.says(R"({"plan":["find it"]})");
  CHECK(std::holds_alternative<AskModel>(bench.says(R"({"final_answer":"9,400,000 people"})")));
  CHECK(end_of(bench.says(R"({"final_answer":"many"})")).reason == "unparsable");
}

TEST_CASE("a schema that is none is told with its place") {
  CHECK(StructuredOutput::make({.schema = {{"type", "strin"}}}).error().message.contains("type"));
  CHECK(*StructuredOutput::make({}) == nullptr);
}
