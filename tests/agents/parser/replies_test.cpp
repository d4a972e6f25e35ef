#include "agents/react/parser/json_repair.h"
#include "agents/react/parser/parse_report.h"
#include "agents/react/step_parser.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

struct Read {
  Json report;
  std::string thought, answer, argument;
};

Read read(std::string_view reply, Dialect dialect, std::size_t piece = 1) {
  auto parser = make_step_parser({.dialect = dialect});
  std::vector<StepDelta> deltas;
  for (std::size_t at = 0; at < reply.size(); at += piece)
    if (!parser->feed(reply.substr(at, piece), deltas)) break;
  Read out{report_of(parser->finish(deltas)), {}, {}, {}};
  for (const StepDelta& delta : deltas) {
    if (delta.kind == StepDelta::Kind::thought) out.thought += delta.text;
    if (delta.kind == StepDelta::Kind::answer) out.answer += delta.text;
    if (delta.kind == StepDelta::Kind::argument) out.argument += delta.text;
  }
  return out;
}

Json action(std::string tool, Json input, std::string thought) {
  return {{"type", "action"},
          {"tool", std::move(tool)},
          {"input", std::move(input)},
          {"thought", std::move(thought)}};
}
Json final_answer(std::string answer) {
  return {{"type", "final"}, {"answer", std::move(answer)}};
}
std::string answer_of(std::string_view labelled) {
  return string_or(read(labelled, Dialect::text_labels).report, "answer");
}
std::string reason(const Read& reading) {
  return string_or(reading.report, "reason");
}

}  // namespace

TEST_CASE("prose beside native tool calls is an answer, unless a call is written behind it") {
  CHECK(read("It is <b>9</b> { so }.\n  {\"a\": 1}\nDone.", Dialect::native_tools).report ==
        final_answer("It is <b>9</b> { so }.\n  {\"a\": 1}\nDone."));
  CHECK(read("search[mugs] costs 5 < 6", Dialect::native_tools).answer == "search[mugs] costs 5 < 6");

  CHECK(read("Let me look.\nAction: wiki\nAction Input: Seoul", Dialect::native_tools).report ==
        action("wiki", "Seoul", "Let me look."));
  CHECK(read("Let me look.\n```json\n{\"action\": \"wiki\", \"action_input\": \"Seoul\"}\n```",
             Dialect::native_tools)
            .report == action("wiki", "Seoul", "Let me look."));
  CHECK(read("Let me look.\n<tool_call>\n{\"name\": \"wiki\", \"arguments\": {\"q\": 1}}\n</tool_call>",
             Dialect::native_tools)
            .report == action("wiki", {{"q", 1}}, "Let me look."));
}

TEST_CASE("prose that went out as an answer stays the answer when a label behind it leads to nothing") {
  Read labelled = read("The sum:\nFinal Answer: 42", Dialect::native_tools);
  CHECK(labelled.report == final_answer("The sum:\n42"));
  CHECK(labelled.answer == "The sum:\n42");

  CHECK(read("It is 42.\nObservation: made up", Dialect::native_tools).report == final_answer("It is 42."));
  CHECK(string_or(read("It is 42.\nThought: or is it", Dialect::native_tools).report, "answer") ==
        "It is 42.");
}

TEST_CASE("a made-up observation is no answer of a conversation") {
  Read observation = read("Observation: Episode finished, reward = 1", Dialect::conversational);

  CHECK(reason(observation) ==
        "`Observation:` at byte 0 comes before any action; only a tool's result is an observation");
  CHECK(observation.answer == "");
}

TEST_CASE("an answer keeps the fence that ends it") {
  CHECK(read("```\nThought: done\nFinal Answer: 42\n```\n", Dialect::text_labels).report["answer"] ==
        "42\n```");
  CHECK(read("Final Answer: so:\n```py\nx = 1\n```", Dialect::text_labels).answer ==
        "so:\n```py\nx = 1\n```");
}

TEST_CASE("Finish[] says that there is no answer; an end that says nothing was cut off or forgotten") {
  Read none = read("Thought: failed\nAction: finish[]", Dialect::brackets);
  CHECK(none.report == Json{{"type", "final"}, {"answer", ""}, {"thought", "failed"}});

  CHECK(reason(read("Action: finish()", Dialect::brackets)) == "the final answer is empty");
  CHECK(reason(read(R"({"action": "finish", "action_input": {}})", Dialect::json_steps)) ==
        "the final answer is empty");
  CHECK(reason(read("Final Answer:  ", Dialect::text_labels)) == "`Final Answer:` at byte 0 is empty");
}

TEST_CASE("the input of a tool that means the end is the answer, its text if it holds only one") {
  Read finish = read("Action: Finish\nAction Input: {\"return_type\": \"give_up\"}", Dialect::text_labels);
  CHECK(finish.report["answer"] == "give_up");

  Read several =
      read("Action: Finish\nAction Input: {\"return_type\": \"give_answer\", \"final_answer\": \"42\"}",
           Dialect::text_labels);
  CHECK(several.report["answer"] == "42");
}

TEST_CASE("an action that names no tool is told so, whatever input stands behind it") {
  CHECK(reason(read("Action: None\nAction Input: None\n", Dialect::text_labels)) ==
        "`Action:` at byte 0 names no tool, and no final answer follows");
  CHECK(read("Action: None\nFinal Answer: 42", Dialect::text_labels).report["answer"] == "42");
}

TEST_CASE("what begins with a brace and is no object was never shown as an argument") {
  std::string reply = "Action: query\nInput Action: query { allFilms { title } }";
  for (std::size_t piece : {1u, 7u, 100u}) CHECK(read(reply, Dialect::text_labels, piece).argument == "");
}

TEST_CASE("only the first input of an object is shown") {
  Read answer = read(R"({"action": "Final Answer", "action_input": "a", "input": "b"})", Dialect::json_steps);
  CHECK(answer.answer == "a");
  Read call = read(R"({"action": "t", "action_input": {"x": 1}, "input": {"y": 2}})", Dialect::json_steps);
  CHECK(call.argument == " {\"x\": 1}");
}

TEST_CASE("a label inside a line that decides was not shown as part of the thought") {
  for (std::size_t piece : {1u, 3u, 100u}) {
    Read reading = read("I know the Final Answer now. Final Answer: 42", Dialect::text_labels, piece);
    CHECK(reading.report["answer"] == "42");
    CHECK(reading.report["thought"] == "I know the Final Answer now.");
    CHECK(reading.thought == "I know the Final Answer now.");
  }
}

TEST_CASE("labels may be written as a list or in bold, and then end each other") {
  for (std::string_view reply :
       {"- Thought: x\n- Action: wiki\n- Action Input: Seoul\n- Observation: made up",
        "1. Thought: x\n2. Action: wiki\n3. Action Input: Seoul\n4. Observation: no",
        "**Thought:** x\n**Action:** wiki\n**Action Input:** Seoul\n**Observation:** no"})
    CHECK(read(reply, Dialect::text_labels).report == action("wiki", "Seoul", "x"));

  std::string list = "Final Answer: we need\n- Action: a call\n- Thoughts\n1. Observation: blue\n-Action: x";
  CHECK(read(list, Dialect::text_labels).answer == list.substr(14));
  CHECK(read("Thought: x\nFinal Answer is: 42", Dialect::text_labels).report["answer"] == "42");
}

TEST_CASE("the label of an answer may be repeated, on its line as well") {
  for (const char* reply :
       {"Final Answer: Final Answer: 42", "Final Answer:\nFinal Answer: 42", "Answer: **Final Answer:** 42",
        "Final Answer: ``` Final Answer: 42", "Final Answer:\t Final Answer: \nFinal Answer: 42"}) {
    CAPTURE(reply);
    CHECK(answer_of(reply) == "42");
  }
  const auto spoken = read("It is so.\nFinal Answer: Final Answer: 42", Dialect::native_tools);
  CHECK(spoken.report["answer"] == "It is so.\n42");
  CHECK(spoken.answer == "It is so.\n42");
  CHECK(answer_of("Final Answer: Answer: the word is spelt so") == "Answer: the word is spelt so");
  CHECK(answer_of("Final Answer: Action: call them") == "Action: call them");
}

TEST_CASE("what begins as a thought or an observation is no answer, whatever label stands before it") {
  for (const char* reply :
       {"Final Answer: Observation: 42", "Final Answer:\nObservation: 42", "Final Answer: Thought: 42"}) {
    CAPTURE(reply);
    CHECK(read(reply, Dialect::text_labels).report["type"] == "malformed");
  }
  CHECK(answer_of("Final Answer: Thought: nearly\nFinal Answer: 42") == "42");
}

TEST_CASE("a carriage return before a label does not hide it") {
  for (Dialect dialect : {Dialect::native_tools, Dialect::conversational, Dialect::text_labels})
    for (std::size_t piece : {1, 3, 100}) {
      CHECK(read("\n  \rFinal Answer: 42", dialect, piece).report == final_answer("42"));
      CHECK(read("Thought: t\r\n\rAction: wiki\r\nAction Input: Seoul\r\n", dialect, piece).report ==
            action("wiki", "Seoul", "t"));
    }
  CHECK(read("\r  wiki[Seoul]", Dialect::brackets).report["input"] == "Seoul");
}

TEST_CASE("an answer of a conversation may have headings and blocks of JSON") {
  for (std::string_view reply :
       {"Here is your plan:\n\n### Actions\n1. Call Bob\n2. Write Al",
        "The JSON looks so:\n```json\n{\"a\": 1}\n```\nIs it ok?", "**Answer:** see below\n{x}"})
    CHECK(read(reply, Dialect::conversational).answer != "");
  CHECK(read("Here is your plan:\n\n### Actions\n1. Call Bob", Dialect::conversational).answer ==
        "Here is your plan:\n\n### Actions\n1. Call Bob");
  CHECK(read("The JSON:\n```json\n{\"a\": 1}\n```\nIs it ok?", Dialect::conversational).answer ==
        "The JSON:\n```json\n{\"a\": 1}\n```\nIs it ok?");
  CHECK(reason(read("{\"a\": 1}", Dialect::conversational)) ==
        "the object that starts at byte 0 has neither `action` nor `final_answer`");
}

TEST_CASE("an object whose action names no tool is no call, whatever else it holds") {
  CHECK(reason(read(R"({"action": "none", "action_input": "42"})", Dialect::json_steps)) ==
        "the object that starts at byte 0 names no tool in `action`, and has no `final_answer`");
}

TEST_CASE("a step that was written as a JSON string is read") {
  CHECK(read(R"("{\"thought\": \"x\", \"final_answer\": \"y\"}")", Dialect::json_steps).report["answer"] ==
        "y");
}

TEST_CASE("an object that was shown as an answer and breaks is malformed, whatever stands around it") {
  const std::string reply =
      "So:\n{\"action\": \"Final Answer\", \"action_input\": \"it is\"] ]] {[ : , }} x \"a\" \"b\" :: {";
  for (Dialect dialect : {Dialect::conversational, Dialect::native_tools}) {
    const Read out = read(reply, dialect);
    const std::string made = string_or(out.report, "answer");
    CHECK((out.report["type"] == "malformed" || made == out.answer));
  }
}

TEST_CASE("an answer in Korean is streamed without a stray character, wherever its first one is cut") {
  const std::string reply = R"({"thought": "안다", "final_answer": "안녕하세요, 서울입니다."})";
  for (std::size_t piece = 1; piece < 8; ++piece) {
    CAPTURE(piece);
    const Read out = read(reply, Dialect::json_steps, piece);
    CHECK(out.answer == "안녕하세요, 서울입니다.");
    CHECK(out.thought == "안다");
  }
}

TEST_CASE("an answer that was held back for its JSON is held back to its end") {
  Read reading =
      read("```json\n{\"f\n x}\n```\nFinal Answer: and more\nObservation: x", Dialect::native_tools);
  CHECK(string_or(reading.report, "answer").starts_with(reading.answer));
}

TEST_CASE("what is mended is not nested deeper than what may be read") {
  for (std::size_t lists = 60; lists <= 66; ++lists) {
    CAPTURE(lists);
    auto repaired = repair_json(std::string(lists, '[') + R"("a": 1)");  // an object without its brace
    CHECK(repaired.has_value() == (lists < 64));
    if (repaired) CHECK(parse_json(dump(repaired->value)).has_value());
    if (!repaired) CHECK(repaired.error().code == ErrorCode::too_large);
  }
}

TEST_CASE("a byte order mark is no part of JSON") {
  auto repaired = repair_json("\xEF\xBB\xBF{}");
  REQUIRE(repaired);
  CHECK(repaired->repairs.empty());
}

TEST_CASE("keys whose bytes are no characters do not become one key when they are written") {
  auto repaired = repair_json("{\"\xE0\": 1, \"\xE1\": 2, \"k\": \"\xFF\"}");
  REQUIRE(repaired);
  CHECK(parse_json(dump(repaired->value)));
  CHECK(repaired->value["k"] == "\uFFFD");
}
