#include "agents/react/parser/parse_report.h"
#include "tests/agents/strategies/bench.h"

using namespace troupe;
using namespace troupe::agents;

namespace {

models::ModelReply native(std::vector<models::ToolCall> calls, std::string text = "") {
  models::ModelReply reply;
  reply.text = std::move(text);
  reply.tool_calls = std::move(calls);
  reply.finish = models::FinishReason::tool_calls;
  return reply;
}

}  // namespace

TEST_CASE("every strategy reads in the dialect that `troupe parse` uses for it") {
  CHECK(strategy_names() == std::vector<std::string>{"react", "react_text", "tools", "conversational",
                                                     "docstore", "self_ask", "plan_execute"});
  for (const std::string& name : strategy_names()) {
    CAPTURE(name);
    auto strategy = make_strategy(name, {kWiki});
    REQUIRE(strategy);
    REQUIRE(dialect_of(name));
    CHECK((*strategy)->parser().dialect == *dialect_of(name));
  }
  CHECK(make_strategy("reakt", {}).error().message.contains("did you mean `react`"));
}

TEST_CASE("react_text: lines in, lines back") {
  Bench bench("react_text");

  Step step =
      bench.says("Thought: look\nAction: calc\nAction Input: {\"expression\": \"1+1\"}\nObservation: 3\n");

  CHECK(only_call(step).tool == "calc");
  CHECK(only_call(step).input == Json{{"expression", "1+1"}});
  CHECK(bench.loop->reading().thought == "look");
  CHECK_FALSE(bench.last().contains("Observation"));  // what the model made up is not kept
  bench.give(step, "2");
  CHECK(bench.last() == "Observation: 2");
  CHECK(end_of(bench.says("Thought: done\nFinal Answer: It is 2.")).answer == "It is 2.");
  CHECK(bench.loop->strategy().stop() == std::vector<std::string>{"\nObservation:"});
}

TEST_CASE("in lines, a failure, several results and the engine's notes are told apart") {
  Bench bench("react_text");
  Step step =
      bench.says(R"({"actions":[{"tool":"calc","input":{"expression":"1"}},{"tool":"nope","input":{}}]})");
  REQUIRE(std::holds_alternative<RunTools>(step));
  std::vector<Observation> seen{{.call = "c_1", .tool = "calc", .ok = true, .output = "one\ntwo\n"},
                                {.call = "c_2", .tool = "nope", .error = "there is no tool `nope`"}};

  bench.loop->on_observations(std::move(seen));

  CHECK(bench.last() ==
        "Observation 1 (calc):\n> one\n> two\nObservation 2 (nope, failed): there is no tool `nope`");

  Bench repeated("react_text");
  for (int i = 0; i < 3; ++i) {
    Step again = repeated.says("Action: calc\nAction Input: {\"expression\": \"1+1\"}");
    repeated.give(again, i == 1 ? "no" : "2", i != 1);
    if (i == 1) CHECK(repeated.last() == "Observation (failed): no");
  }
  CHECK(repeated.last().starts_with("Observation: 2\nNote: you have now made this very call 3 times"));
}

TEST_CASE("tools: parallel native calls, each answered under its own id") {
  Bench bench("tools");

  Step step = bench.says(
      native({{"call_a", "calc", R"({"expression":"1+1"})"}, {"call_b", "wiki", R"({"query":"x"})"}},
             "Both at once."));

  auto& calls = std::get<RunTools>(step).calls;
  REQUIRE(calls.size() == 2);
  CHECK(calls[1].tool == "wiki");
  CHECK(bench.loop->reading().thought == "Both at once.");
  const models::Message& said = bench.messages().back();
  CHECK(said.content == "Both at once.");
  REQUIRE(said.tool_calls.size() == 2);
  bench.give(step, "2");
  const models::Message& second = bench.messages().back();
  const models::Message& first = bench.messages()[bench.messages().size() - 2];
  CHECK(first.role == models::Role::tool);
  CHECK(first.tool_call_id == "call_a");
  CHECK(second.tool_call_id == "call_b");
  CHECK(second.name == "wiki");
  CHECK(second.content == R"({"ok":true,"output":"2"})");
  CHECK(end_of(bench.says("It is 2.")).answer == "It is 2.");
  CHECK(bench.loop->strategy().tool_mode() == models::ToolMode::native);
}

TEST_CASE("tools: ids that are missing or doubled are made up, so that no call is left without its answer") {
  Bench bench("tools");

  Step step = bench.says(native({{"", "calc", ""}, {"x", "calc", "{}"}, {"x", "wiki", R"({"query":"a"})"}}));
  bench.give(step, "r");

  std::vector<std::string> ids;
  for (const models::Message& message : bench.messages())
    if (message.role == models::Role::tool) ids.push_back(message.tool_call_id);
  REQUIRE(ids.size() == 3);
  CHECK(ids[0] != "");
  CHECK(ids[1] == "x");
  CHECK(ids[2] != "x");
  CHECK(ids[0] != ids[2]);
}

TEST_CASE(
    "tools: broken arguments are mended, those that were cut off are refused, and a call stays a call") {
  Bench bench("tools");
  Step step = bench.says(native({{"a", "calc", "{'expression': '1+1',}"}, {"b", "calc", "no idea"}}));
  auto& calls = std::get<RunTools>(step).calls;
  CHECK(calls[0].refused == "");
  CHECK(calls[0].input == Json{{"expression", "1+1"}});
  CHECK(calls[1].refused.contains("no JSON object"));
  CHECK(calls[1].refused.contains("no idea"));

  Bench cut("tools");
  models::ModelReply reply = native({{"a", "calc", R"({"expression": "1+)"}});
  reply.finish = models::FinishReason::length;
  Step refused = cut.says(reply);
  CHECK(only_call(refused).refused.contains("cut off"));
  cut.give(refused, "");
  CHECK(cut.last().contains("cut off"));
  CHECK(cut.messages()[2].tool_calls[0].arguments == "{}");
}

TEST_CASE("tools: a call written as text is read as well, and answered as text") {
  Bench bench("tools");
  Step step = bench.says(R"({"thought":"t","action":"calc","action_input":{"expression":"1+1"}})");
  CHECK(only_call(step).tool == "calc");
  bench.give(step, "2");
  CHECK(bench.messages().back().role == models::Role::user);
  CHECK(parse_json(bench.last())->at("observation").at("output") == "2");
}

TEST_CASE("conversational: prose answers at once, a labelled call is made") {
  Bench chat("conversational");
  CHECK(end_of(chat.says("Hello! How can I help?")).answer == "Hello! How can I help?");

  Bench bench("conversational");
  Step step = bench.says("Thought: need it\nAction: calc\nAction Input: {\"expression\": \"2+2\"}");
  CHECK(only_call(step).tool == "calc");
  bench.give(step, "4");
  CHECK(bench.last() == "Observation: 4");
  CHECK(end_of(bench.says("Final Answer: 4")).answer == "4");
}

TEST_CASE("docstore: Search and Lookup become calls of the tool that searches") {
  Bench bench("docstore");

  Step search = bench.says("Thought: I need to find it.\nAction: Search[Colorado orogeny]");
  CHECK(only_call(search).tool == "wiki");
  CHECK(only_call(search).input == Json{{"query", "Colorado orogeny"}});
  bench.give(search, "An episode of mountain building.");
  CHECK(bench.last() == "Observation: An episode of mountain building.");

  Step lookup = bench.says("Thought: where?\nAction 2: Lookup[eastern sector]");
  CHECK(only_call(lookup).input == Json{{"query", "eastern sector"}, {"operation", "lookup"}});
  bench.give(lookup, "(Result 1 / 1) It extends.");
  CHECK(only_call(bench.says("Action: calc[2+2]")).tool == "calc");

  Bench last("docstore");
  CHECK(end_of(last.says("Thought: so\nAction: Finish[1,800 to 7,000 ft]")).answer == "1,800 to 7,000 ft");
}

TEST_CASE("docstore: without a lookup the model is told, without a search there is no such agent") {
  Declarations plain{declared(
      "kb", R"({"type":"object","properties":{"question":{"type":"string"}},"required":["question"]})")};
  Bench bench("docstore", plain);
  CHECK(only_call(bench.says("Search[x]")).input == Json{{"question", "x"}});
  Bench other("docstore", plain);
  CHECK(only_call(other.says("Lookup[x]")).refused.contains("there is no Lookup"));

  CHECK(make_strategy("docstore", {kCalc, kCalc}).error().message.contains("needs a tool that searches"));
  CHECK(make_strategy("self_ask", {}).error().message.contains("its tools: none"));
}

TEST_CASE("self_ask: a follow-up question goes to the search tool, its answer comes back under its label") {
  Bench bench("self_ask", {kCalc, kWiki});

  Step step = bench.says("Are follow up questions needed here: Yes.\nFollow up: How old was Turing?\n");

  CHECK(only_call(step).tool == "wiki");
  CHECK(only_call(step).input == Json{{"query", "How old was Turing?"}});
  bench.give(step, "41");
  CHECK(bench.last() == "Intermediate answer: 41");
  CHECK(end_of(bench.says("So the final answer is: 41")).answer == "41");
  CHECK(bench.loop->strategy().stop() == std::vector<std::string>{"\nIntermediate answer:"});
}

TEST_CASE("plan_execute: a plan, its steps one by one, then the answer") {
  Bench bench("plan_execute");

  CHECK(
      std::holds_alternative<AskModel>(bench.says(R"({"thought":"two parts","plan":["find a","find b"]})")));
  CHECK(bench.loop->reading().thought == "two parts\nPlan:\n1. find a\n2. find b");
  CHECK(parse_json(bench.last())->at("step") == Json{{"number", 1}, {"of", 2}, {"task", "find a"}});
  CHECK_FALSE(bench.loop->strategy().answering());

  Step call = bench.says(R"({"thought":"t","action":"wiki","action_input":{"query":"a"}})");
  CHECK(only_call(call).tool == "wiki");
  bench.give(call, "A");
  CHECK(std::holds_alternative<AskModel>(bench.says(R"({"final_answer":"a is A"})")));
  CHECK(bench.loop->reading().thought == "a is A");
  CHECK(parse_json(bench.last())->at("step").at("number") == 2);
  CHECK(std::holds_alternative<AskModel>(bench.says(R"({"final_answer":"b is B"})")));
  CHECK(parse_json(bench.last())->at("steps_done") == 2);
  CHECK(bench.loop->strategy().answering());
  CHECK(end_of(bench.says(R"({"thought":"x","final_answer":"A and B"})")).answer == "A and B");
  CHECK(bench.loop->step() == 5);
}

TEST_CASE("plan_execute: what is left of a plan is replaced once, not twice") {
  Bench bench("plan_execute");
  bench.says(R"({"plan":["one","two"]})");

  bench.says(R"({"thought":"it is wrong","plan":["other"]})");
  CHECK(parse_json(bench.last())->at("step").at("task") == "other");
  CHECK(std::holds_alternative<AskModel>(bench.says(R"({"plan":["third"]})")));
  CHECK(bench.last().contains("changed once already"));
  bench.says(R"({"final_answer":"done"})");
  CHECK(end_of(bench.says(R"({"final_answer":"all"})")).answer == "all");

  Bench emptied("plan_execute");
  emptied.says(R"({"plan":["one","two"]})");
  emptied.says(R"({"thought":"known","plan":[]})");
  CHECK(parse_json(emptied.last())->contains("steps_done"));
}

TEST_CASE("plan_execute: asked for a last answer at a limit, it is the answer, wherever the plan stands") {
  auto strategy = make_strategy("plan_execute", {});
  REQUIRE(strategy);
  models::ModelReply plan;
  plan.text = R"({"plan":["one","two"]})";
  (void)(*strategy)->read(plan, {.outcome = Malformed{"no step"}});
  CHECK_FALSE((*strategy)->answering());

  (*strategy)->last_call();

  CHECK((*strategy)->answering());
  Reading reading = (*strategy)->read({}, {.outcome = FinalStep{"what there is", nullptr}});
  CHECK(std::get<FinalStep>(reading.outcome).answer == "what there is");
}

TEST_CASE("plan_execute: plans as models write them, and questions that need none") {
  for (const char* text :
       {"```json\n{\"plan\": [\"a\", \"b\"]}\n```", "{'plan': ['a', 'b',]}", R"({"plan":"1. a\n2. b"})",
        R"({"steps":[{"task":"a"},{"description":"b"}]})", R"(Here is my plan: {"plan":["a","b"]})"}) {
    CAPTURE(text);
    Bench bench("plan_execute");
    bench.says(text);
    REQUIRE(parse_json(bench.last())->contains("step"));
    CHECK(parse_json(bench.last())->at("step") == Json{{"number", 1}, {"of", 2}, {"task", "a"}});
  }
  Bench at_once("plan_execute");
  CHECK(end_of(at_once.says(R"({"thought":"easy","final_answer":"4"})")).answer == "4");

  Bench without("plan_execute");
  Step call =
      without.says(R"({"thought":"t","plan":"look","action":"calc","action_input":{"expression":"1"}})");
  CHECK(only_call(call).tool == "calc");
  without.give(call, "1");
  CHECK(end_of(without.says(R"({"final_answer":"1"})")).answer == "1");

  Bench empty("plan_execute");
  empty.says(R"({"plan":[]})");
  CHECK(empty.last().contains("the plan is empty"));
  Json many = {{"plan", Json::array()}};
  for (int i = 0; i < 21; ++i) many["plan"].push_back("s");
  empty.says(dump(many));
  CHECK(empty.last().contains("at most 20"));
}

TEST_CASE("earlier answers stand in the history in the form that is asked for") {
  const std::pair<const char*, const char*> forms[] = {{"react", R"({"final_answer":"42"})"},
                                                       {"react_text", "Final Answer: 42"},
                                                       {"tools", "42"},
                                                       {"conversational", "42"},
                                                       {"docstore", "Action: Finish[42]"},
                                                       {"self_ask", "So the final answer is: 42"},
                                                       {"plan_execute", R"({"final_answer":"42"})"}};
  for (auto [name, form] : forms) {
    CAPTURE(name);
    Bench bench(name, {kWiki}, {},
                {{.role = models::Role::user, .content = "before?"},
                 {.role = models::Role::assistant, .content = "42"}});
    CHECK(bench.messages()[1].content == "before?");
    CHECK(bench.messages()[2].content == form);
  }
}

TEST_CASE("every strategy reads a JSON step, as the builtin model writes it") {
  for (const std::string& name : strategy_names()) {
    CAPTURE(name);
    Bench bench(name);
    Step call = bench.says(R"({"thought":"t","action":"wiki","action_input":{"query":"x"}})");
    CHECK(only_call(call).input == Json{{"query", "x"}});
    bench.give(call, "r");
    CHECK(end_of(bench.says(R"({"final_answer":"y"})")).answer == "y");
  }
}

TEST_CASE("prose is sent back once where it is no answer; what breaks otherwise, three times") {
  for (const char* name : {"react", "react_text", "docstore", "self_ask", "plan_execute"}) {
    CAPTURE(name);
    Bench bench(name);
    CHECK(std::holds_alternative<AskModel>(bench.says("I think it is about forty.")));
    CHECK(end_of(bench.says("As I said, forty.")).reason == "unparsable");

    Bench mixed(name);
    CHECK(std::holds_alternative<AskModel>(mixed.says("I think it is about forty.")));
    CHECK(std::holds_alternative<AskModel>(mixed.says("{\"foo\": 1}")));
    CHECK(std::holds_alternative<AskModel>(mixed.says("")));
    CHECK(end_of(mixed.says("{\"foo\": 1}")).reason == "unparsable");
  }
}

TEST_CASE("an empty reply leaves no empty message behind, a huge one not all of itself") {
  Bench bench("react");
  bench.says("");
  CHECK(bench.messages().size() == 3);
  bench.says(std::string(100'000, 'x'));
  CHECK(bench.messages()[3].content.size() <= kRefusedReplyBytes);
}
