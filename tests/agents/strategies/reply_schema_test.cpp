#include "agents/strategies/reply_schema.h"

#include "agents/limits.h"
#include "tests/agents/parser/turns.h"
#include "tests/agents/strategies/bench.h"
#include "tools/json_schema.h"

#include <map>
#include <optional>
#include <set>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

const Json kNoOutput = nullptr;

tools::JsonSchema compiled(const std::string& schema) {
  auto made = tools::JsonSchema::parse(schema);
  REQUIRE_MESSAGE(made.has_value(), made.error().message);
  return std::move(*made);
}

bool fits(const tools::JsonSchema& schema, const std::string& step) {
  auto value = parse_json(step);
  REQUIRE(value);
  return schema.check(*value).has_value();
}

// The step as a model would have written it in a single object.
Json as_object_step(const Json& step, bool plan = false) {
  Json object = {{"thought", step["thought"]}};
  if (plan) object["plan"] = find(step, "plan") ? step["plan"] : Json(nullptr);
  object["actions"] = nullptr;
  if (find(step, "action"))
    object["actions"] = Json::array({{{"tool", step["action"]}, {"input", step["action_input"]}}});
  if (const Json* several = find(step, "actions")) object["actions"] = *several;
  object["final_answer"] = find(step, "final_answer") ? step["final_answer"] : Json(nullptr);
  return object;
}

std::string kind_of(const Json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  if (value.is_null()) return "null";
  return value.is_array() ? "array" : "object";
}

/// The tools that recorded turns called, each with the arguments that it was given.
class SeenTools {
 public:
  void add(const std::string& tool, const Json& input) {
    auto& arguments = tools_[tool];
    for (const auto& [name, value] : input.items()) arguments[name].insert(kind_of(value));
  }
  Declarations declarations() const {
    Declarations all;
    for (const auto& [name, arguments] : tools_) {
      Json properties = Json::object();
      for (const auto& [argument, kinds] : arguments) properties[argument] = {{"type", kinds}};
      all.push_back(declared(name, dump(Json{{"type", "object"}, {"properties", std::move(properties)}})));
    }
    return all;
  }

 private:
  std::map<std::string, std::map<std::string, std::set<std::string>>> tools_;
};

}  // namespace

TEST_CASE("the schema of a step: a call of each tool, several calls, or the answer, the thought first") {
  const ReplySchema made = reply_schema({}, {kCalc}, kNoOutput);
  CHECK(
      made.schema ==
      R"({"anyOf":[)"
      R"({"type":"object","properties":{"thought":{"type":"string"},"action":{"type":"string","enum":["calc"]},"action_input":{"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"],"additionalProperties":false}},"required":["thought","action","action_input"],"additionalProperties":false},)"
      R"({"type":"object","properties":{"thought":{"type":"string"},"actions":{"type":"array","items":{"type":"object","properties":{"tool":{"type":"string","enum":["calc"]},"input":{"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"],"additionalProperties":false}},"required":["tool","input"],"additionalProperties":false}}},"required":["thought","actions"],"additionalProperties":false},)"
      R"({"type":"object","properties":{"thought":{"type":"string"},"final_answer":{"type":"string"}},"required":["thought","final_answer"],"additionalProperties":false}]})");
  CHECK(
      made.object ==
      R"({"type":"object","properties":{"thought":{"type":"string"},"actions":{"anyOf":[{"type":"array","items":{"type":"object","properties":{"tool":{"type":"string","enum":["calc"]},"input":{"type":"object","properties":{"expression":{"type":"string"}},"required":["expression"],"additionalProperties":false}},"required":["tool","input"],"additionalProperties":false}},{"type":"null"}]},"final_answer":{"anyOf":[{"type":"string"},{"type":"null"}]}},"required":["thought","actions","final_answer"],"additionalProperties":false})");
}

TEST_CASE("without tools, and for a last answer, a step is the answer alone, in one form") {
  const std::string expected =
      R"({"type":"object","properties":{"thought":{"type":"string"},"final_answer":{"type":"string"}},"required":["thought","final_answer"],"additionalProperties":false})";
  for (const ReplySchema& made :
       {reply_schema({}, {}, kNoOutput), reply_schema({.calls = false}, {kCalc, kWiki}, kNoOutput)}) {
    CHECK(made.schema == expected);
    CHECK(made.object == expected);
  }
}

TEST_CASE("an answer is held to output.schema, a plan's part to a text") {
  const Json output = Json::parse(
      R"({"type":"object","description":"d","properties":{"name":{"type":"string","minLength":3},"tags":{"type":"array","items":{"enum":["a","b"]}}},"required":["name"]})");
  const std::string held =
      R"("final_answer":{"type":"object","properties":{"name":{"type":"string"},"tags":{"type":"array","items":{"enum":["a","b"]}}},"required":["name"],"additionalProperties":false})";
  CHECK(reply_schema({}, {kCalc}, output).schema.find(held) != std::string::npos);
  const ReplySchema part = reply_schema({.plan = true, .output = false}, {kCalc}, output);
  CHECK(part.schema.find(R"("final_answer":{"type":"string"})") != std::string::npos);
  CHECK(part.schema.find(R"("plan":{"type":"array","items":{"type":"string"}})") != std::string::npos);
}

TEST_CASE("the answer alone is held to output.schema where that asks for an object") {
  CHECK(reply_schema({.answer = true}, {kCalc}, kNoOutput).schema == "");
  CHECK(reply_schema({.answer = true}, {kCalc}, Json::parse(R"({"type":"array"})")).schema == "");
  CHECK(
      reply_schema({.answer = true}, {kCalc},
                   Json::parse(R"({"type":"object","properties":{"a":{"type":"integer"}}})"))
          .schema ==
      R"({"type":"object","properties":{"a":{"type":"integer"}},"required":[],"additionalProperties":false})");
}

TEST_CASE("what only judges a value, and what structure cannot say, is left out of an outline") {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"type":"string","minLength":1,"pattern":"^a","format":"date","default":"x","title":"t"})",
       R"({"type":"string"})"},
      {R"({"type":"integer","minimum":1,"maximum":9})", R"({"type":"integer"})"},
      {R"({"const":5})", R"({"enum":[5]})"},
      {R"({"type":"array","items":{"type":"number"},"minItems":1,"uniqueItems":true})",
       R"({"type":"array","items":{"type":"number"}})"},
      {R"({"oneOf":[{"type":"string"},{"type":"null"}]})",
       R"({"anyOf":[{"type":"string"},{"type":"null"}]})"},
      {R"({"$ref":"#/$defs/x"})", "{}"},
      {R"({"allOf":[{"type":"string"}]})", "{}"},
      {R"({"type":"object"})", R"({"type":"object"})"},
      {R"({"type":"object","properties":{"a":true},"required":["a","b"],"additionalProperties":true})",
       R"({"type":"object","properties":{"a":{}},"required":["a"],"additionalProperties":true})"},
      {R"({"type":"object","properties":{"a":{"type":"string"}},"anyOf":[{"required":["a"]}]})",
       R"({"type":"object","properties":{"a":{"type":"string"}},"required":[],"additionalProperties":false})"},
      {R"({"type":"object","additionalProperties":{"type":"integer","minimum":3}})",
       R"({"type":"object","additionalProperties":{"type":"integer"}})"},
      {"true", "{}"},
  };
  for (const auto& [schema, outline] : cases) {
    CAPTURE(schema);
    CHECK(dump(schema_outline(*parse_json(schema))) == outline);
  }
}

TEST_CASE("a tool whose schema cannot be read takes any object; too many tools are held to nothing") {
  const ReplySchema made = reply_schema({}, {declared("odd", "}{")}, kNoOutput);
  CHECK(made.schema.find(R"("action_input":{"type":"object"})") != std::string::npos);
  Declarations many;
  for (int i = 0; i < 2000; ++i) many.push_back(declared("tool_" + std::to_string(i), kWiki.schema));
  CHECK(reply_schema({}, many, kNoOutput).schema == "");
}

TEST_CASE("steps in the form that prompts ask for fit both forms, others do not") {
  const ReplySchema made = reply_schema({}, {kCalc, kWiki}, kNoOutput);
  const auto schema = compiled(made.schema), object = compiled(made.object);
  for (
      const char* good :
      {R"({"thought":"t","action":"calc","action_input":{"expression":"1+1"}})",
       R"({"thought":"t","action":"wiki","action_input":{"query":"Seoul","operation":"find"}})",
       R"({"thought":"","actions":[{"tool":"calc","input":{"expression":"1"}},{"tool":"wiki","input":{"query":"q"}}]})",
       R"({"thought":"t","final_answer":"길고 긴 답"})"}) {
    CAPTURE(good);
    CHECK(fits(schema, good));
    CHECK(fits(object, dump(as_object_step(*parse_json(good)))));
  }
  for (const char* bad : {R"({"action":"calc","action_input":{"expression":"1"}})", R"({"thought":"t"})",
                          R"({"thought":"t","action":"fly","action_input":{}})",
                          R"({"thought":"t","action":"calc","action_input":{"query":"q"}})",
                          R"({"thought":"t","action":"calc","action_input":"1+1"})",
                          R"({"thought":"t","final_answer":"a","observation":"made up"})", R"(["t"])"}) {
    CAPTURE(bad);
    CHECK_FALSE(fits(schema, bad));
  }
}

TEST_CASE("calls and answers of recorded models fit the schema that their tools make") {
  struct Step {
    std::string id;
    Json step;
  };
  std::vector<Step> steps;
  SeenTools seen;
  for (const char* collection : {"recorded_agent_loops", "autogpt_json_commands", "langchain_traces"})
    for (const tests::Turn& turn : tests::turns_of(collection)) {
      const std::string type = string_or(turn.expected, "type");
      if (type == "final") {
        const Json* answer = find(turn.expected, "answer");
        if (!answer || !answer->is_string()) continue;
        steps.push_back({turn.id, {{"thought", turn.completion}, {"final_answer", *answer}}});
      }
      const Json* input = find(turn.expected, "input");
      if (type != "action" || !input || !input->is_object()) continue;
      const std::string tool = string_or(turn.expected, "tool");
      seen.add(tool, *input);
      steps.push_back({turn.id, {{"thought", turn.completion}, {"action", tool}, {"action_input", *input}}});
    }
  REQUIRE(steps.size() > 900);
  const ReplySchema made = reply_schema({}, seen.declarations(), kNoOutput);
  REQUIRE(made.schema != "");
  const auto schema = compiled(made.schema), object = compiled(made.object);
  for (const Step& step : steps) {
    CAPTURE(step.id);
    CHECK(schema.check(step.step).has_value());
    CHECK(object.check(as_object_step(step.step)).has_value());
  }
}

TEST_CASE("a step in a single object is read like one in its own form, with the same deltas") {
  for (
      const char* text :
      {R"({"thought":"t","action":"calc","action_input":{"expression":"1+1"}})",
       R"({"thought":"t","final_answer":"It is 2."})",
       R"({"thought":"t","actions":[{"tool":"calc","input":{"expression":"1"}},{"tool":"wiki","input":{"query":"q"}}]})"}) {
    CAPTURE(text);
    const auto read = [](const std::string& reply) {
      auto parser = make_step_parser({.dialect = Dialect::json_steps});
      std::vector<StepDelta> deltas;
      for (char c : reply) parser->feed(std::string_view(&c, 1), deltas);
      ParsedStep step = parser->finish(deltas);
      std::string shown = step.thought + "|";
      if (auto* action = std::get_if<ActionStep>(&step.outcome))
        for (const ParsedAction& one : action->actions) shown += one.tool + dump(one.input);
      if (auto* final = std::get_if<FinalStep>(&step.outcome)) shown += final->answer;
      for (const StepDelta& delta : deltas)
        if (delta.kind == StepDelta::Kind::thought || delta.kind == StepDelta::Kind::answer)
          shown += delta.text;
      CHECK(step.repairs.empty());
      return shown;
    };
    CHECK(read(dump(as_object_step(*parse_json(text)))) == read(text));
  }
}

TEST_CASE("strategies ask for the form of their next reply: JSON steps, plans, answers; text asks for none") {
  const auto form = [](std::string_view name) { return (*make_strategy(name, {kWiki, kCalc}))->form(); };
  CHECK(form("react") == ReplyForm{});
  CHECK(form("tools") == ReplyForm{.answer = true});
  CHECK(form("plan_execute") == ReplyForm{.plan = true});
  CHECK_FALSE(form("react_text").has_value());
  CHECK_FALSE(form("conversational").has_value());

  Bench bench("plan_execute");
  bench.says(R"({"thought":"t","plan":["look it up"],"actions":null,"final_answer":null})");
  CHECK(bench.loop->strategy().form() == ReplyForm{.plan = true, .output = false});
  bench.says(R"({"thought":"done","plan":null,"actions":null,"final_answer":"found"})");
  CHECK(bench.loop->strategy().form() == ReplyForm{});
}
