#include "runtime/base/json.h"
#include "tests/e2e/daemon.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/temp_dir.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

std::string project(const std::string& name) {
  return fakes::fixture_path("import/" + name);
}

fakes::Outcome import(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {program(), "import"});
  return fakes::run_program(arguments, {"OPENAI_API_KEY=", "ANTHROPIC_API_KEY=", "TAVILY_API_KEY="});
}

}  // namespace

TEST_CASE("what is imported for the built-in model passes the check without any key") {
  fakes::TempDir dir;
  const std::string out = (dir.path() / "troupe.yaml").string();
  const auto written = import({"crewai", project("crewai/agents.yaml"), project("crewai/tasks.yaml"),
                               project("crewai/crew.yaml"), "--model", "builtin", "-o", out});
  CHECK(written.exit_code == 0);
  CHECK(written.out == "");
  CHECK(written.err.find("`researcher.max_rpm`: calls are limited for each model") != std::string::npos);
  CHECK(written.err.find("`researcher.bakstory`: unknown key") != std::string::npos);
  const auto checked = fakes::run_program({program(), "check", out});
  CHECK(checked.exit_code == 0);
  CHECK(checked.out == out + ": no errors\n");
}

TEST_CASE("an import keeps a file that is there, unless it is told to replace it") {
  fakes::TempDir dir;
  const std::string out = (dir.path() / "troupe.yaml").string();
  const std::vector<std::string> command{"adk", project("adk/root_agent.yaml"), "-o", out};
  CHECK(import(command).exit_code == 0);
  const auto again = import(command);
  CHECK(again.exit_code == 2);
  CHECK(again.err == "troupe: " + out + " exists already; --force replaces it\n");
  auto forced = command;
  forced.push_back("--force");
  CHECK(import(forced).exit_code == 0);
}

TEST_CASE("an import says what it left out as JSON, and which variables are to be set") {
  const auto outcome = import({"adk", project("adk/root_agent.yaml"), "--json"});
  CHECK(outcome.exit_code == 0);
  CHECK(outcome.out.starts_with("version: 1\n"));
  const Json told = Json::parse(outcome.err);
  CHECK(told["variables"] == Json::array({"TAVILY_API_KEY", "GEMINI_API_KEY"}));
  CHECK(told["problems"].empty());
  CHECK(told["notes"].size() > 20);
  CHECK(told["notes"][0].contains("place"));
}

TEST_CASE("an import of what is no project says so") {
  const auto missing = import({"crewai", "/nowhere/agents.yaml"});
  CHECK(missing.exit_code == 2);
  CHECK(missing.err == "troupe: /nowhere/agents.yaml: no such file\n");
  CHECK(import({"adk", "a.yaml", "b.yaml"}).exit_code == 2);
  CHECK(import({"crewai", project("crewai/agents.yaml"), "--model", "gpt-4o"}).exit_code == 2);
}
