#include "app/import/adk.h"

#include "tests/app/import/imported.h"

using namespace troupe;
using namespace troupe::app;
using namespace troupe::app::testing;
using Names = std::vector<std::string>;

namespace {

Result<Imported> import(const std::string& file, bool builtin = false) {
  const fakes::TestEnvironment environment;
  return import_adk(fixture(file), {.builtin = builtin}, environment);
}

}  // namespace

TEST_CASE("an LlmAgent with sub-agents becomes a handoff team") {
  const auto imported = import("adk/root_agent.yaml");
  const Configuration all = configured(imported);
  CHECK(all.default_target == "root_agent_team");
  const agents::TeamSettings& team = all.teams.at("root_agent_team");
  CHECK(team.pattern == agents::PatternKind::handoff);
  CHECK(team.start == "root_agent");
  CHECK(team.members == Names{"root_agent", "report", "teller", "circle"});
  CHECK(team.handoffs.at("root_agent") == Names{"report", "teller", "circle"});
  CHECK(team.handoffs.at("report") == Names{"root_agent", "teller", "circle"});
  CHECK(team.handoffs.at("teller").empty());

  const agents::AgentSettings& root = all.agents.at("root_agent");
  CHECK(root.description == "Answers and passes on");
  CHECK(root.instructions.starts_with("You work for ${company}.\n\nHelp with {subject}; "));
  CHECK(root.tools == Names{"tavily", "calculator"});
  CHECK(root.memory.type == "none");
  const models::ModelSettings& model = all.models.at(root.model);
  CHECK(model.provider == "gemini");
  CHECK(model.model == "gemini-2.0-flash");
  CHECK(model.temperature == 0.3);
  CHECK(model.top_p == 0.9);
  CHECK(model.max_output_tokens == 800);
  CHECK(model.seed == 7);
  CHECK(all.models.at(all.agents.at("critic").model).model == "gemini-2.0-flash");  // of the root
}

TEST_CASE("SequentialAgent, ParallelAgent and LoopAgent become teams, and state goes from task to task") {
  const auto imported = import("adk/root_agent.yaml");
  const Configuration all = configured(imported);
  const agents::TeamSettings& report = all.teams.at("report");
  CHECK(report.pattern == agents::PatternKind::sequential);
  CHECK(report.description == "Research, then text");
  REQUIRE(report.tasks.size() == 3);
  CHECK(report.tasks[0].agent == "both");
  CHECK(report.tasks[0].description == "{input}");
  CHECK(report.tasks[1].name == "text");
  CHECK(report.tasks[1].description == "Write a text from {both} and {both}\n\n{input}");
  CHECK(all.agents.at("draft").instructions.empty());
  CHECK(report.tasks[2].description == "Make {text} shorter\n\n{input}");
  CHECK(all.teams.at("both").pattern == agents::PatternKind::parallel);
  CHECK(all.teams.at("both").members == Names{"facts", "views"});
  CHECK(all.teams.at("circle").pattern == agents::PatternKind::round_robin);
  CHECK(all.teams.at("circle").rounds == 4);
  CHECK(agents::inputs_of(report).empty());
}

TEST_CASE("every key of ADK that is not carried over is told") {
  const auto imported = import("adk/root_agent.yaml");
  REQUIRE(imported);
  CHECK(without_note(*imported, "root_agent",
                     {"before_agent_callbacks", "after_agent_callbacks", "before_model_callbacks",
                      "after_model_callbacks", "before_tool_callbacks", "after_tool_callbacks",
                      "input_schema", "output_schema", "output_key", "accumulate_output_key", "sub_agents",
                      "instruction", "tools", "tools.args", "colour", "generate_content_config.top_k",
                      "generate_content_config.stop_sequences", "generate_content_config.safety_settings",
                      "generate_content_config.speling"}) == Names{});
  CHECK(notes_of(*imported, "root_agent.colour") == Names{"unknown key: nothing was done about it"});
  CHECK(notes_of(*imported, "root_agent.generate_content_config.temperature").empty());
  CHECK(notes_of(*imported, "teller.model_code").size() == 1);
  CHECK(notes_of(*imported, "teller.disallow_transfer_to_peers").empty());
  CHECK(notes_of(*imported, "special.agent_class").size() == 1);
  CHECK(notes_of(*imported, "special.anything").size() == 1);
  CHECK(notes_of(*imported, "both.output_key").size() == 2);
}

TEST_CASE("with --model builtin what was written of an ADK project needs no keys") {
  const auto imported = import("adk/root_agent.yaml", true);
  const Configuration all = configured(imported);
  CHECK(imported->variables.empty());
  CHECK(all.models.size() == 1);
}

TEST_CASE("a name of the state may stand in more than one brace") {
  const Configuration all = configured(import("adk_inline/braces.yaml"));
  const agents::TeamSettings& pair = all.teams.at("pair");
  REQUIRE(pair.tasks.size() == 2);
  CHECK(pair.tasks[1].description ==
        "Turn {facts} and {facts} into {\"form\": \"{facts}\"}, { not this } {} or {\n\n{input}");
  CHECK(all.agents.at("gather").instructions == "Gather {what}");
}

TEST_CASE("sub-agents may be written out, and a server of MCP is told") {
  const auto imported = import("adk_inline/root_agent.yaml");
  const Configuration all = configured(imported);
  const agents::TeamSettings& line = all.teams.at("line");
  REQUIRE(line.tasks.size() == 2);
  CHECK(line.tasks[0].name == "facts");
  CHECK(line.tasks[1].agent == "both");
  CHECK(all.teams.at("both").members == Names{"short_form", "long_form", "plain"});
  CHECK(all.agents.at("short_form").instructions == "Say it briefly");
  CHECK(all.models.at(all.agents.at("long_form").model).model == "gemini-2.5-flash");
  CHECK(without_note(*imported, "gather", {"planner", "global_instruction", "before_model_callback"}) ==
        Names{});
  REQUIRE(notes_of(*imported, "gather.tools").size() == 1);
  CHECK(notes_of(*imported, "gather.tools").front().find("servers of MCP are not available") !=
        std::string::npos);
  CHECK(notes_of(*imported, "both.sub_agents").size() == 1);  // neither a file, nor a name
  CHECK(import("adk_inline/deep.yaml").error().message.find("agents below agents") != std::string::npos);
}

TEST_CASE("a project that leads back to itself, or leaves nothing, is refused") {
  CHECK(import("adk/cycle.yaml").error().message.find("leads back to itself") != std::string::npos);
  CHECK(import("adk/custom.yaml").error().message.find("the root is a class in Python, `") !=
        std::string::npos);
  const std::string code = import("adk_inline/code_only.yaml").error().message;
  CHECK(code.find("no agent is left that could answer\n") != std::string::npos);
  CHECK(code.find("`mine.agents.root` is Python code and is left out") != std::string::npos);
  CHECK(import("adk/custom.yaml").error().message.find("pattern: graph") != std::string::npos);
  CHECK(import("adk/missing.yaml").error().message.find("no such file") != std::string::npos);
}
