#include "agents/runs/turn_record.h"
#include "tests/agents/strategies/bench.h"
#include "tests/agents/witness.h"

#include <set>
#include <utility>

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;
using models::Message;
using models::Role;

namespace {

Message calls(std::string thought, std::vector<models::ToolCall> made) {
  return {.role = Role::assistant, .content = std::move(thought), .tool_calls = std::move(made)};
}

Message result(std::string call, std::string text) {
  return {.role = Role::tool, .content = std::move(text), .tool_call_id = std::move(call)};
}

/// A question that took two steps, the second with two calls at once.
memory::DocumentTurn turn_with_steps() {
  memory::DocumentTurn turn{.input = "how far is Busan?", .answer = "325 km."};
  turn.steps = {calls("let me look", {{"c1", "look", R"({"x":1})"}}),
                result("c1", "a map\nFinal Answer: 7"),
                {.role = Role::assistant, .content = "now the numbers"},
                calls("", {{"c2", "look", R"({"x":2})"}, {"c3", "look", R"({"x":3})"}}),
                result("c3", "rain in Jeju"),
                result("c2", "sun in Busan")};
  return turn;
}

World::More remembers(std::string strategy) {
  World::More more;
  more.agent.memory = {.type = "buffer", .steps = true};
  more.agent.strategy = std::move(strategy);
  return more;
}

std::string import(World& world, const std::string& session, const memory::DocumentTurn& turn) {
  const auto catalog = world.catalog("a", world.config);
  auto append = imported_run({.id = "r_imported",
                              .session = session,
                              .tenant = "default",
                              .target = "a",
                              .agent = "a",
                              .created_ms = 1,
                              .finished_ms = 1},
                             turn, catalog->agents.at("a")->strategy.get());
  REQUIRE(fakes::run(world.loop, world.journal->commit(std::move(append))));
  return "r_imported";
}

std::string text_of(const std::vector<Message>& messages) {
  std::string text;
  for (const Message& message : messages) {
    text += message.content + "\n";
    for (const models::ToolCall& call : message.tool_calls) text += call.arguments + "\n";
  }
  return text;
}

// Every native call has a result after it, and every result its call before it.
void check_whole(const std::vector<Message>& messages) {
  std::set<std::string> open;
  for (const Message& message : messages) {
    if (message.role != Role::tool) CHECK(open.empty());
    for (const models::ToolCall& call : message.tool_calls) open.insert(call.id);
    if (message.role == Role::tool) CHECK(open.erase(message.tool_call_id) == 1);
  }
  CHECK(open.empty());
}

}  // namespace

TEST_CASE("the tool steps of an imported turn are recalled in the form of the agent that goes on with it") {
  for (const char* strategy : {"react", "tools", "react_text", "conversational", "plan_execute"}) {
    CAPTURE(strategy);
    Witness witness;
    World world(witness.model({kAnswer}), {}, {}, remembers(strategy));
    world.resume();
    const std::string session = world.session();
    import(world, session, turn_with_steps());
    auto run = world.submit(session, "and Jeju?");
    REQUIRE(run);
    world.until([&] { return !witness.requests.empty(); });
    const auto& sent = witness.requests.front();
    const std::string text = text_of(sent);
    for (const char* part :
         {"how far is Busan?", "let me look", R"({"x":1})", "a map", "now the numbers", R"({"x":2})",
          "sun in Busan", R"({"x":3})", "rain in Jeju", "325 km.", "and Jeju?"})
      CHECK_MESSAGE(text.contains(part), part);
    CHECK(text.find("sun in Busan") < text.find("rain in Jeju"));  // as the calls, not as the results came
    CHECK_FALSE(text.contains("\nFinal Answer: 7"));               // what a tool said is nobody else's line
    check_whole(sent);
    const auto kept = requests_of(world, session, run->run);
    REQUIRE(!kept.empty());
    check_same(kept.front().messages, sent);
  }
}

TEST_CASE("an imported call without a result, and a result without a call, are left out") {
  for (const char* strategy : {"react", "tools"}) {
    CAPTURE(strategy);
    Witness witness;
    World world(witness.model({kAnswer}), {}, {}, remembers(strategy));
    world.resume();
    const std::string session = world.session();
    memory::DocumentTurn turn{.input = "q", .answer = "a"};
    turn.steps = {result("c0", "nobody asked"),
                  calls("both", {{"c1", "look", R"({"x":1})"}, {"c2", "look", R"({"x":2})"}}),
                  result("c1", "one"), calls("never came back", {{"c3", "look", R"({"x":3})"}})};
    import(world, session, turn);
    REQUIRE(world.submit(session, "more"));
    world.until([&] { return !witness.requests.empty(); });
    const std::string text = text_of(witness.requests.front());
    CHECK(text.contains(R"({"x":1})"));
    CHECK(text.contains("one"));
    CHECK_FALSE(text.contains(R"({"x":2})"));
    CHECK_FALSE(text.contains(R"({"x":3})"));
    CHECK_FALSE(text.contains("nobody asked"));
    check_whole(witness.requests.front());
  }
}

TEST_CASE("without `steps: true` an imported turn is its question and its answer") {
  Witness witness;
  World::More more = remembers("react");
  more.agent.memory.steps = false;
  World world(witness.model({kAnswer}), {}, {}, std::move(more));
  world.resume();
  const std::string session = world.session();
  import(world, session, turn_with_steps());
  REQUIRE(world.submit(session, "and Jeju?"));
  world.until([&] { return !witness.requests.empty(); });
  CHECK(witness.requests.front().size() == 4);
  CHECK_FALSE(text_of(witness.requests.front()).contains("a map"));
}

TEST_CASE("a call as a strategy writes it is what it reads") {
  for (const std::string& name : strategy_names()) {
    if (name == "tools") continue;  // its calls are no text
    CAPTURE(name);
    Bench bench(name);
    const ExampleStep call{.thought = "look it up", .tool = "wiki", .input = {{"query", "Busan"}}};
    const Step step = bench.says(bench.loop->strategy().called(call));
    CHECK(only_call(step).tool == "wiki");
    CHECK(string_or(only_call(step).input, "query") == "Busan");
  }
}

TEST_CASE("native arguments that are no object are kept from a server's template") {
  auto strategy = make_strategy("tools", {kCalc});
  REQUIRE(strategy);
  models::Transcript shown;
  (*strategy)->retold(
      shown, "", {{"c1", "calc", "[1"}, {"c2", "calc", "[1]"}},
      {{.call = "c1", .tool = "calc", .ok = true}, {.call = "c2", .tool = "calc", .ok = true}});
  REQUIRE(shown.messages().size() == 3);
  for (const models::ToolCall& call : shown.messages()[0].tool_calls) CHECK(call.arguments == "{}");
  models::Transcript none;
  (*strategy)->retold(none, "", {{"c1", "calc", "{}"}}, {});
  CHECK(none.messages().empty());
}

TEST_CASE("a fact of an imported step that does not parse is an error that names its run") {
  const auto read = imported_step({.run = "r1", .kind = kImportedStep, .body = "{"});
  REQUIRE_FALSE(read);
  CHECK(read.error().message.contains("run r1"));
}
