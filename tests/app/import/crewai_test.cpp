#include "app/import/crewai.h"

#include "tests/app/import/imported.h"

using namespace troupe;
using namespace troupe::app;
using namespace troupe::app::testing;
using Names = std::vector<std::string>;

namespace {

Result<Imported> import(const Names& files, bool builtin = false) {
  const fakes::TestEnvironment environment;
  Names paths;
  for (const std::string& file : files) paths.push_back(fixture(file));
  return import_crewai(paths, {.builtin = builtin}, environment);
}

const Names kProject{"crewai/agents.yaml", "crewai/tasks.yaml", "crewai/crew.yaml"};

}  // namespace

TEST_CASE("a CrewAI project in YAML becomes a sequential team") {
  const auto imported = import(kProject);
  const Configuration all = configured(imported);
  CHECK(all.default_target == "press");
  CHECK(all.models.at("gpt_4o").provider == "openai");
  CHECK(all.models.at("gpt_4o").max_output_tokens == 2000);
  CHECK(all.models.at("claude_sonnet_4_0").provider == "anthropic");
  CHECK(imported->variables == Names{"TAVILY_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY"});

  const agents::AgentSettings& researcher = all.agents.at("researcher");
  CHECK(researcher.role == "Senior researcher for {topic}\n");
  CHECK(researcher.backstory == "You know ${libraries} well.");
  CHECK(researcher.tools == Names{"tavily", "clock"});
  CHECK(researcher.limits.steps == 12);
  CHECK(researcher.limits.time == std::chrono::seconds(90));
  REQUIRE(researcher.guardrails.output.size() == 1);
  CHECK(researcher.guardrails.output[0].prompt == "The answer names at least one source.");
  CHECK(researcher.guardrails.output[0].retries == 3);

  const agents::TeamSettings& press = all.teams.at("press");
  CHECK(press.pattern == agents::PatternKind::sequential);
  CHECK(press.delegate.at("researcher") == Names{"writer"});
  REQUIRE(press.tasks.size() == 3);
  CHECK(press.tasks[0].name == "research");
  CHECK(press.tasks[0].guardrail.empty());
  CHECK(press.tasks[1].name == "write_report");
  CHECK(press.tasks[1].context == Names{"research"});
  CHECK(press.tasks[1].output_file == "out/{topic}.md");
  CHECK(press.tasks[1].expected_output == "Three paragraphs. Formatted as Markdown.");
  CHECK(press.tasks[1].guardrail.at(0).model == "claude_sonnet_4_0");
  CHECK(press.tasks[1].guardrail.at(0).retries == 2);
  CHECK(press.tasks[2].agent == "researcher");
  CHECK(press.tasks[2].output_file.empty());
  CHECK(all.artifacts.ends_with("/out"));
}

TEST_CASE("every key of CrewAI that is not carried over is told, at its place") {
  const auto imported = import(kProject);
  REQUIRE(imported);
  const Names agent{"function_calling_llm",
                    "max_rpm",
                    "max_retry_limit",
                    "cache",
                    "verbose",
                    "system_template",
                    "prompt_template",
                    "response_template",
                    "use_system_prompt",
                    "step_callback",
                    "callbacks",
                    "cache_handler",
                    "allow_code_execution",
                    "allow_unsafe_code_execution",
                    "code_execution_mode",
                    "respect_context_window",
                    "multimodal",
                    "reasoning",
                    "max_reasoning_attempts",
                    "knowledge_sources",
                    "knowledge_storage",
                    "knowledge_config",
                    "embedder",
                    "agent_knowledge_context",
                    "crew_knowledge_context",
                    "knowledge_search_query",
                    "date_format",
                    "from_repository",
                    "mcps",
                    "apps",
                    "skills",
                    "memory",
                    "checkpoint"};
  CHECK(without_note(*imported, "researcher", agent) == Names{});
  CHECK(without_note(*imported, "research",
                     {"tools", "callback", "callbacks", "output_json", "output_pydantic", "create_directory",
                      "async_execution", "human_input", "guardrail", "allow_crewai_trigger_context"}) ==
        Names{});
  CHECK(without_note(*imported, "crew",
                     {"manager_llm",
                      "verbose",
                      "function_calling_llm",
                      "config",
                      "max_rpm",
                      "memory",
                      "cache",
                      "embedder",
                      "step_callback",
                      "task_callback",
                      "share_crew",
                      "output_log_file",
                      "prompt_file",
                      "planning",
                      "planning_llm",
                      "knowledge_sources",
                      "stream",
                      "chat_llm",
                      "before_kickoff_callbacks",
                      "after_kickoff_callbacks",
                      "tracing",
                      "skills",
                      "security_config",
                      "checkpoint",
                      "inputs.topic"}) == Names{});
  for (const ImportNote& note : imported->notes)
    if (note.text.starts_with("unknown key"))
      CHECK(
          (note.key == "researcher.bakstory" || note.key == "publish.retires" || note.key == "crew.proces"));
  CHECK(notes_of(*imported, "researcher.bakstory") == Names{"unknown key: nothing was done about it"});
  CHECK(notes_of(*imported, "publish.retires").size() == 1);
  CHECK(notes_of(*imported, "crew.proces").size() == 1);
  CHECK(notes_of(*imported, "write-report.context").size() == 1);
  CHECK(notes_of(*imported, "publish.agent").front().starts_with("there is no such agent"));
  CHECK(notes_of(*imported, "publish.output_file").size() == 1);
  CHECK(render(imported->notes.front()).find("agents.yaml:7:3: `researcher.") == std::string::npos);
  CHECK(notes_of(*imported, "researcher.tools").size() == 3);  // two are others here, one is none
}

TEST_CASE("with --model builtin what was written needs no keys") {
  const auto imported = import(kProject, true);
  const Configuration all = configured(imported);
  CHECK(imported->variables.empty());
  CHECK(all.models.size() == 1);
  CHECK(all.models.at("builtin").provider == "builtin");
  CHECK(all.agents.at("researcher").tools == Names{"wikipedia", "clock"});
  CHECK(all.agents.at("researcher").guardrails.empty());
  CHECK(notes_of(*imported, "researcher.guardrail").size() == 1);
}

TEST_CASE("a project in JSON with comments becomes a supervisor's team") {
  const auto imported = import({"crewai_jsonc/crew.jsonc"});
  const Configuration all = configured(imported);
  CHECK(all.default_target == "Support_desk");
  const agents::TeamSettings& desk = all.teams.at("Support_desk");
  CHECK(desk.pattern == agents::PatternKind::supervisor);
  CHECK(desk.manager == "manager");
  CHECK(desk.members == Names{"first_line", "expert"});
  const std::string& plan = all.agents.at("manager").instructions;
  CHECK(plan.find("1. Sort the request // {request}") != std::string::npos);
  CHECK(plan.find("For: first_line") != std::string::npos);
  CHECK(plan.find("2. Solve it") != std::string::npos);
  const models::ModelSettings& model = all.models.at(all.agents.at("first_line").model);
  CHECK(model.base_url == "https://api.groq.com/openai/v1");
  CHECK(model.temperature == 0.2);
  CHECK(model.max_output_tokens == 500);
  CHECK(all.agents.at("first_line").tools == Names{"calculator"});
  CHECK(all.agents.at("expert").model == "builtin");
  CHECK(yaml(imported).find("secret-that-is-never-copied") == std::string::npos);
  CHECK(without_note(*imported, "first-line",
                     {"type", "settings.a", "llm.api_key", "llm.stop", "tools", "apps", "mcps"}) == Names{});
  CHECK(notes_of(*imported, "expert.llm").front().starts_with("`my_llm_method` is no provider/model"));
  CHECK(notes_of(*imported, "sort.type").size() == 1);
}

TEST_CASE("an agent that manages is no member") {
  const Configuration all = configured(import({"crewai_jsonc/crew_managed.jsonc"}));
  CHECK(all.teams.at("crew").manager == "boss");
  CHECK(all.teams.at("crew").members == Names{"worker"});
  CHECK(all.agents.at("boss").instructions.find("1. Do it") != std::string::npos);
}

TEST_CASE("a crew in JSON as `crewai create` lays it out keeps what its settings say") {
  const auto imported = import({"crewai_create/crew.jsonc"});
  const Configuration all = configured(imported);
  const agents::AgentSettings& scout = all.agents.at("scout");
  CHECK(scout.limits.steps == 7);
  CHECK(scout.tools == Names{"clock"});
  REQUIRE(scout.guardrails.output.size() == 1);
  CHECK(scout.guardrails.output[0].retries == 1);
  const models::ModelSettings& local = all.models.at(scout.model);
  CHECK(local.provider == "ollama");
  CHECK(local.model == "llama3");
  CHECK(local.base_url == "http://127.0.0.1:11434");
  // Who manages is named by the crew only, and one agent stands in a file without comments.
  const agents::TeamSettings& crew = all.teams.at("Survey");
  CHECK(crew.manager == "lead");
  CHECK(crew.members == Names{"scout", "scribe"});
  CHECK(all.agents.at("scribe").role == "Scribe");
  CHECK(without_note(*imported, "scout", {"settings.verbose", "planning_config", "settings.odd"}) == Names{});
  CHECK(notes_of(*imported, "scout.settings.max_rpm").empty());  // null: as if it were not written
  CHECK(without_note(*imported, "look", {"condition", "response_model", "input_files"}) == Names{});
  CHECK(notes_of(*imported, "scribe.llm").front().starts_with("`azure/` is no provider/model"));
  CHECK(notes_of(*imported, "scribe.llm.deployment_name").size() == 1);
  for (const ImportNote& note : imported->notes)
    if (note.text.starts_with("unknown key")) CHECK(note.key == "scout.settings.odd");
}

TEST_CASE("a task has as many rules as it has guardrails") {
  const auto imported = import({"crewai_create/rules.jsonc"});
  const Configuration all = configured(imported);
  const auto& rules = all.teams.at("crew").tasks.at(0).guardrail;
  REQUIRE(rules.size() == 2);
  CHECK(rules[0].prompt == "Each claim has a source.");
  CHECK(rules[1].prompt == "It is in two parts.");
  CHECK(rules[1].retries == 4);
  CHECK(notes_of(*imported, "one.guardrail").size() == 1);  // a function
}

TEST_CASE("tasks that name nobody are done by the agents that are left, in their order") {
  const auto imported = import({"crewai_unnamed/agents.yaml", "crewai_unnamed/tasks.yaml"}, true);
  const Configuration all = configured(imported);
  const agents::TeamSettings& crew = all.teams.at("crew");
  CHECK(crew.tasks.at(0).agent == "finder");
  CHECK(crew.tasks.at(1).agent == "judge");
  CHECK(crew.tasks.at(2).agent == "teller");
  CHECK(crew.members.empty());
  CHECK(notes_of(*imported, "find.agent").front().ends_with("it is done by `finder`"));
  CHECK(notes_of(*imported, "tell.agent").front().starts_with("there is no such agent"));
  CHECK(notes_of(*imported, "weigh.agent").empty());
}

TEST_CASE("tasks that name nobody are the first agent's where nothing tells who else") {
  const auto imported = import({"crewai_unnamed/agents.yaml", "crewai_unnamed/more_tasks.yaml"}, true);
  const Configuration all = configured(imported);
  for (const auto& task : all.teams.at("crew").tasks) CHECK(task.agent == "finder");
}

TEST_CASE("an input with a hyphen in its name gets one without") {
  const auto imported = import({"crewai_create/hyphens.jsonc"});
  const Configuration all = configured(imported);
  CHECK(all.agents.at("a").role == "Expert of {my_field}, {-x} and {not this-one}");
  const agents::TeamSettings& crew = all.teams.at("crew");
  CHECK(crew.tasks.at(0).description == "Do {this_job}");
  CHECK(crew.tasks.at(0).output_file == "{this_job}.md");
  CHECK(notes_of(*imported, "a.role") ==
        Names{"the input {my-field} became {my_field}: names have no hyphens here"});
  CHECK(notes_of(*imported, "one.description").size() == 1);
}

TEST_CASE("what would be refused here is changed, and told") {
  const auto imported = import({"crewai_jsonc/crew_twice.jsonc"});
  const Configuration all = configured(imported);
  const agents::TeamSettings& crew = all.teams.at("crew");
  CHECK(crew.tasks[0].output_file == "f.md");
  CHECK(crew.tasks[1].output_file.empty());
  CHECK(notes_of(*imported, "two.output_file").size() == 1);
  // {two} is an input of the crew, not what the task `two` gave.
  CHECK(crew.tasks[1].name == "two_2");
  CHECK(agents::inputs_of(crew) == std::vector<agents::TeamInput>{{"two", "tasks[0].description"}});
}

TEST_CASE("a value that cannot be carried over is told as such, not as an unknown key") {
  const auto imported = import({"crewai_jsonc/crew_values.jsonc"});
  configured(imported);
  CHECK(without_note(*imported, "a", {"max_iter", "max_execution_time", "llm.temperature", "llm.base_url"}) ==
        Names{});
  CHECK(without_note(*imported, "crew", {"process", "manager_agent"}) == Names{});
  for (const ImportNote& note : imported->notes) CHECK_FALSE(note.text.starts_with("unknown key"));
}

TEST_CASE("files that are no project are refused with the reason") {
  CHECK(import({"crewai/agents.yaml"}).error().message.find("there is no task") != std::string::npos);
  CHECK(import({"crewai/tasks.yaml"}).error().message.find("there is no agent") != std::string::npos);
  CHECK(import({"crewai/missing.yaml"}).error().message.find("missing.yaml: no such file") !=
        std::string::npos);
}

TEST_CASE("comments are taken out of JSON, and nothing else") {
  CHECK(without_comments("{\"a\": \"// no\", // yes\n \"b\": \"/* \\\" */\" /* x\ny */ }") ==
        "{\"a\": \"// no\",       \n \"b\": \"/* \\\" */\"     \n     }");
}
