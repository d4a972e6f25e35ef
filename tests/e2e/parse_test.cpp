#include "runtime/base/json.h"
#include "tests/e2e/daemon.h"

#include <sstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::e2e;

namespace {

fakes::Outcome parse(std::vector<std::string> options, const std::string& input) {
  std::vector<std::string> arguments = {program(), "parse"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return fakes::run_program(arguments, {}, input);
}

std::vector<Json> lines_of(const std::string& out) {
  std::vector<Json> lines;
  std::istringstream text(out);
  for (std::string line; std::getline(text, line);) lines.push_back(Json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("parse shows what an agent would do with a reply") {
  auto outcome = parse({"--strategy", "react_text"},
                       "Thought: look\nAction: wiki\nAction Input: Seoul\nObservation: made up\n");

  CHECK(outcome.exit_code == 0);
  CHECK(outcome.err == "");
  auto lines = lines_of(outcome.out);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == Json{{"type", "action"}, {"tool", "wiki"}, {"input", "Seoul"}, {"thought", "look"}});
}

TEST_CASE("parse shows several calls, what was mended, and what is malformed, with the exit code") {
  auto calls = parse({}, R"({"actions": [{"tool": "a", "input": {}}, {"tool": "b", "input": {"x": 1,}}]})");
  CHECK(calls.exit_code == 0);
  Json report = lines_of(calls.out).at(0);
  CHECK(report["actions"].size() == 2);
  CHECK(report["repairs"] == Json::array({"trailing comma"}));

  auto prose = parse({}, "I do not know what to do.");
  CHECK(prose.exit_code == 1);
  CHECK(lines_of(prose.out).at(0)["type"] == "malformed");

  auto nothing = parse({}, "");
  CHECK(nothing.exit_code == 1);
  CHECK(string_or(lines_of(nothing.out).at(0), "reason").starts_with("the reply is empty"));
}

TEST_CASE("parse reads JSON lines, keeps their ids, and answers bad ones by their number") {
  auto outcome = parse({"--strategy=conversational"},
                       "\n{\"id\":\"one\",\"completion\":\"Hello!\"}\r\nnot JSON\n\n{\"completion\":7}\n"
                       "{\"id\":2,\"completion\":\"Action: wiki\\nAction Input: x\"}");

  CHECK(outcome.exit_code == 1);
  auto lines = lines_of(outcome.out);
  REQUIRE(lines.size() == 4);
  CHECK(lines[0] == Json{{"type", "final"}, {"answer", "Hello!"}, {"id", "one"}});
  CHECK(lines[1]["type"] == "malformed");
  CHECK(lines[1]["line"] == 3);
  CHECK(string_or(lines[1], "reason").starts_with("line 3 is no JSON"));
  CHECK(lines[2]["line"] == 5);
  CHECK(lines[3]["tool"] == "wiki");
  CHECK(lines[3]["id"] == 2);
}

TEST_CASE("parse knows every strategy and refuses others") {
  for (const char* strategy :
       {"react", "react_text", "tools", "conversational", "docstore", "self_ask", "plan_execute"}) {
    CAPTURE(strategy);
    auto outcome = parse({"--strategy", strategy}, R"({"thought": "t", "final_answer": "42"})");
    CHECK(outcome.exit_code == 0);
    CHECK(lines_of(outcome.out).at(0)["answer"] == "42");
  }
  auto unknown = parse({"--strategy", "reakt"}, "x");
  CHECK(unknown.exit_code == 2);
  CHECK(unknown.err.contains("react_text"));

  auto help = parse({"--help"}, "");
  CHECK(help.exit_code == 0);
  CHECK(help.out.contains("completion"));
}
