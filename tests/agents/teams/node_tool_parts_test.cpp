#include "agents/teams/tool_target.h"
#include "tests/agents/teams/team_world.h"
#include "tests/fakes/test_tool.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

std::shared_ptr<fakes::TestTool> noting(std::string name) {
  return std::make_shared<fakes::TestTool>(std::move(name), tools::Effect::at_most_once,
                                           [](const tools::ToolInput&) -> Result<tools::ToolOutput> {
                                             return tools::ToolOutput{.text = "noted"};
                                           });
}

}  // namespace

TEST_CASE("a node calls one tool of a section that gives several") {
  const auto note = noting("shop/note"), other = noting("shop/other");
  TeamWorld world(
      "a: { role: a, model: m }",
      "flow: { pattern: graph, start: call, nodes: { call: { tool: shop/note, input: { x: 1 } } },"
      " edges: [{ from: call, to: end }] }",
      [](const std::string&, const std::string&) -> ScriptedModel::Line { return "{}"; }, nullptr,
      {{"shop/note", note}, {"shop/other", other}});
  world.resume();
  const Json end = world.ask("flow", "go");
  CAPTURE(dump(end));
  CHECK(end.at("status") == "done");
  CHECK(note->keys.size() == 1);
  CHECK(other->keys.empty());
}

TEST_CASE("a node that names a whole section is told to name one of its tools") {
  const tools::ToolTable table{{"shop/note", noting("n")}, {"shop/other", noting("o")}};
  CHECK(ToolTarget::make("shop/note", table));
  const auto several = ToolTarget::make("shop", table);
  REQUIRE_FALSE(several);
  CHECK(several.error().message == "`shop` gives several tools; write one of them, as in `shop/note`");
  CHECK(ToolTarget::make("shop/nothing", table).error().code == ErrorCode::not_found);
}
