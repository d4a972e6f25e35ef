#include "prompts/prompt.h"

#include "prompts/embedded.h"
#include "tests/fakes/temp_dir.h"

#include <filesystem>
#include <fstream>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::prompts;

TEST_CASE("a prompt renders its variables as they are, without HTML escapes, and leaves empty ones out") {
  auto prompt = Prompt::parse(
      "---\nvariables: [role, goal]\n---\n{{#role}}You are {{role}}.{{/role}}{{#goal}} {{goal}}{{/goal}}",
      "t");
  REQUIRE(prompt);
  CHECK(*prompt->render({{"role", "a \"critic\" <b>"}, {"goal", ""}}) == "You are a \"critic\" <b>.");
}

TEST_CASE("lists render their items") {
  auto prompt =
      Prompt::parse("---\nvariables: [tools]\n---\n{{#tools}}{{#list}}{{name}};{{/list}}{{/tools}}", "t");
  REQUIRE(prompt);
  Json tools = {{"list", {{{"name", "a"}}, {{"name", "b"}}}}};
  CHECK(*prompt->render({{"tools", tools}}) == "a;b;");
  CHECK(*prompt->render(Json::object()) == "");
}

TEST_CASE("a mistake in a prompt file is told with its file and line") {
  CHECK(Prompt::parse("hello", "p.md").error().message.starts_with("p.md:1: "));
  CHECK(Prompt::parse("---\ncolour: red\n---\n", "p.md")
            .error()
            .message.starts_with("p.md:2: unknown front-matter key `colour`"));
  CHECK(Prompt::parse("---\nvariables: [a]\n---\n{{a}}\n{{b}}", "p.md")
            .error()
            .message.starts_with("p.md:5: uses `b`"));
  CHECK(Prompt::parse("---\nvariables: [a]\n---\n{{#a}}", "p.md").error().message.starts_with("p.md: "));
  CHECK(Prompt::parse("---\nvariables: [a]\n", "p.md").error().message.contains("not closed"));
  auto prompt = Prompt::parse("---\nvariables: [a]\n---\n{{a}}", "p.md");
  CHECK(prompt->render({{"b", "x"}}).error().message.contains("`b`"));
}

TEST_CASE("every built-in prompt keeps the rules that a prompt file must keep") {
  for (const EmbeddedPrompt& embedded : embedded_prompts()) {
    CAPTURE(embedded.name);
    const std::string copy(embedded.text);  // which is not known to be checked, as the original is
    auto prompt = Prompt::parse(copy, std::string(embedded.name));
    CHECK(prompt);
    if (!prompt) MESSAGE(prompt.error().message);
  }
}

TEST_CASE("every built-in prompt parses, and a folder overrides one by name") {
  fakes::TempDir dir;
  std::ofstream(dir.path() / "react.md") << "---\nvariables: [name]\n---\nshort {{name}}";

  auto built_in = PromptSet::load("");
  auto overridden = PromptSet::load(dir.path().string());

  REQUIRE(built_in);
  REQUIRE(overridden);
  CHECK(built_in->find("react") != nullptr);
  CHECK(built_in->find("nothing") == nullptr);
  CHECK(*overridden->find("react")->render({{"name", "x"}}) == "short x");
}

TEST_CASE("an overriding prompt may not expect variables that nobody fills") {
  fakes::TempDir dir;
  std::ofstream(dir.path() / "react.md") << "---\nvariables: [weather]\n---\n{{weather}}";
  CHECK(PromptSet::load(dir.path().string()).error().message.contains("`weather`"));
  CHECK_FALSE(PromptSet::load("/nonexistent/prompts"));
}
