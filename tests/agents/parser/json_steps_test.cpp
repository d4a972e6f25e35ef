#include "agents/react/step_parser.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::agents;

namespace {

struct Read {
  ParsedStep step;
  std::string thought, answer, argument, action;
  std::size_t fed = 0;  // bytes until the parser had enough
};

Read read_in_pieces(std::string_view reply, std::size_t piece, Dialect dialect = Dialect::json_steps) {
  auto parser = make_step_parser({dialect});
  std::vector<StepDelta> deltas;
  Read read;
  while (read.fed < reply.size()) {
    std::string_view bytes = reply.substr(read.fed, piece);
    read.fed += bytes.size();
    if (!parser->feed(bytes, deltas)) break;
  }
  read.step = parser->finish(deltas);
  for (const StepDelta& delta : deltas) {
    if (delta.kind == StepDelta::Kind::thought) read.thought += delta.text;
    if (delta.kind == StepDelta::Kind::answer) read.answer += delta.text;
    if (delta.kind == StepDelta::Kind::argument) read.argument += delta.text;
    if (delta.kind == StepDelta::Kind::action) read.action += delta.text;
  }
  return read;
}

Read read_reply(std::string_view reply) {
  return read_in_pieces(reply, 1);
}
const ActionStep& action(const Read& read) {
  return std::get<ActionStep>(read.step.outcome);
}
const FinalStep& final_answer(const Read& read) {
  return std::get<FinalStep>(read.step.outcome);
}
const std::string& reason(const Read& read) {
  return std::get<Malformed>(read.step.outcome).reason;
}

}  // namespace

TEST_CASE("an action step is decided at its closing brace and what follows is dropped") {
  std::string reply = R"({"thought": "look it up", "action": "wiki", "action_input": {"query": "Seoul"}})";

  Read read = read_reply(reply + "\nObservation: made up");

  REQUIRE(action(read).actions.size() == 1);
  CHECK(action(read).actions[0].tool == "wiki");
  CHECK(action(read).actions[0].input == Json{{"query", "Seoul"}});
  CHECK(read.step.thought == "look it up");
  CHECK(read.thought == "look it up");
  CHECK(read.action == "wiki");
  CHECK(read.argument == R"( {"query": "Seoul"})");
  CHECK(read.step.consumed == reply.size());
  CHECK(read.fed == reply.size());
  CHECK(read.step.repairs.empty());
}

TEST_CASE("a final answer goes out while it grows, escapes decoded") {
  Read read = read_reply(R"({"thought":"t","final_answer":"a\nb \ud83d\ude00 \"c\""})");

  CHECK(final_answer(read).answer == "a\nb \U0001F600 \"c\"");
  CHECK(read.answer == final_answer(read).answer);
  CHECK(final_answer(read).data.is_null());
}

TEST_CASE("the first answer that says something counts, also one that could not be shown while it grew") {
  struct Case {
    const char* reply;
    const char* answer;
  };
  const Case cases[] = {{R"({"final_answer":one "Final Answer"" two})", "one"},
                        {R"({"final_answer":"one","final_answer_":"","Final Answer":"two"})", "one"},
                        {R"({"final_answer":7,"Final Answer":"two"})", "7"},
                        {R"({"final_answer":" ","Final Answer":"two"})", "two"},
                        {R"({"final_answer":null,"Final Answer":"two"})", "two"}};
  for (const Case& c : cases) {
    CAPTURE(c.reply);
    Read read = read_reply(c.reply);
    CHECK(final_answer(read).answer == c.answer);
    if (final_answer(read).data.is_null()) CHECK(read.answer == c.answer);
  }
}

TEST_CASE("several calls come as one step") {
  Read read = read_reply(R"({"actions":[{"tool":"a","input":{"x":1}},{"tool":"b","input":{}}]})");

  REQUIRE(action(read).actions.size() == 2);
  CHECK(action(read).actions[1].tool == "b");
}

TEST_CASE("an answer that is JSON is data and not streamed") {
  Read read = read_reply(R"({"final_answer": {"city": "Seoul", "people": 9}})");

  CHECK(final_answer(read).data["people"] == 9);
  CHECK(read.answer.empty());
}

TEST_CASE("fences, prose, single quotes, Python literals and a missing brace are mended and named") {
  Read read =
      read_reply("Sure:\n```json\n{'action': 'wiki', 'action_input': {'q': 'it\\'s', 'deep': True,}\n```");

  CHECK(action(read).actions[0].input == Json{{"q", "it's"}, {"deep", true}});
  CHECK(read.step.repairs.size() >= 4);
}

TEST_CASE("an object that is no step is named by its place") {
  CHECK(reason(read_reply(R"(Here it is: {"foo": 1})")) ==
        "the object that starts at byte 12 has neither `action` nor `final_answer`");
  CHECK(reason(read_reply("just prose")).starts_with("the reply is prose without a step"));
  CHECK(reason(read_reply("  \n")).starts_with("the reply is empty"));
}

TEST_CASE("every chunking gives the same step") {
  std::string reply =
      "Well {x} then\n{\"thought\": \"a \\ud83d\\ude00 “b”\", \"action\": \"t\", \"action_input\": "
      "{\"text\": \"he said \"no\", and left\", 'n': 1,}} tail";
  Read one = read_in_pieces(reply, reply.size());
  for (std::size_t piece = 1; piece < 20; ++piece) {
    Read read = read_in_pieces(reply, piece);
    CHECK(action(read).actions[0].input == action(one).actions[0].input);
    CHECK(read.thought == one.thought);
    CHECK(read.step.consumed == one.step.consumed);
  }
  CHECK(action(one).actions[0].input == Json{{"text", "he said \"no\", and left"}, {"n", 1}});
}
