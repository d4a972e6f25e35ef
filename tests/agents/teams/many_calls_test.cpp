#include "runtime/bus/limits.h"
#include "tests/agents/teams/team_world.h"
#include "tests/fakes/test_tool.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

TEST_CASE("a team may call tools more often than a room has mailboxes") {
  constexpr int kItems = 256;
  constexpr int kNodes = 5;
  static_assert(kItems * kNodes > limits::kBusInboxes);
  std::string nodes = "{ list: { run: a }";
  std::string edges = "[{ from: list, to: n1 }";
  for (int i = 1; i <= kNodes; ++i) {
    nodes += fmt::format(", n{}: {{ tool: note, map: list, input: {{ x: \"{{item}}\" }} }}", i);
    edges += fmt::format(", {{ from: n{}, to: {} }}", i, i < kNodes ? fmt::format("n{}", i + 1) : "end");
  }
  const auto note = std::make_shared<fakes::TestTool>(
      "note", tools::Effect::pure, [](const tools::ToolInput&) -> Result<tools::ToolOutput> {
        return tools::ToolOutput{.text = "noted"};
      });
  TeamWorld world(
      "a: { role: a, model: m }",
      fmt::format("flow: {{ pattern: graph, start: list, limits: {{ messages: 10000, parallel: 64 }},"
                  " nodes: {} }}, edges: {}] }}",
                  nodes, edges),
      [](const std::string&, const std::string&) -> ScriptedModel::Line {
        Json items = Json::array();
        for (int i = 0; i < kItems; ++i) items.push_back(i);
        return dump({{"thought", "all"}, {"final_answer", dump(items)}});
      },
      nullptr, {{"note", note}});
  world.resume();
  const Json end = world.ask("flow", "All of them");
  CAPTURE(dump(end));
  CHECK(end.at("status") == "done");
  CHECK(note->keys.size() == kItems * kNodes);
}
