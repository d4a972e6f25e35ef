#include "runtime/config/yaml_text.h"

#include "runtime/config/document.h"
#include "runtime/config/environment.h"
#include "runtime/config/json_value.h"

#include <string>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::config;

namespace {

// As a configuration would read it.
Json read_back(const std::string& text) {
  ProcessEnvironment environment;
  Sources sources;
  Problems problems(sources);
  const auto tree = load_text("written", "/", text, sources, environment, problems);
  Json value;
  Reader reader(sources, environment, problems);
  if (tree) json_value("a value")->read(*tree, value, reader);
  for (const Problem& problem : problems.take({})) FAIL(problem.text << " in\n" << text);
  return value;
}

}  // namespace

TEST_CASE("texts that look like something else, or have lines, read back as they were") {
  for (const std::string text :
       {"plain",  "two words", "true", "Yes",      "null",      "~",       "",        " ",       "12",
        "1e3",    "0x10",      "- a",  "a: b",     "a #b",      "#c",      "'q'",     "\"q\"",   "a\nb",
        "a\nb\n", "a\nb\n\n",  "\na",  "a\n  b\n", " a\nb",     "a \nb",   "a\tb\nc", "a\rb\nc", "{x}",
        "[x]",    "*x",        "&x",   "!x",       "%x",        "@x",      "|",       ">",       "x:",
        "어\n어", "\x01\n",    "a\\n", "---\na",   "a\n---\nb", "a\n# b\n"}) {
    CAPTURE(text);
    const Json value = {{"key", text}, {"list", {text, {{"inner", text}}}}};
    const std::string written = yaml_text(value);
    CAPTURE(written);
    CHECK(read_back(written) == value);
  }
}

TEST_CASE("values of all kinds read back, nested and empty") {
  const Json value = {{"a", 1},
                      {"b", {{"c", nullptr}, {"d", {1.5, true, Json::array(), Json::object()}}}},
                      {"e", {{1, 2}, {{"f", {{"g", "h"}}}}}},
                      {"strange key: #", "x"}};
  CHECK(read_back(yaml_text(value)) == value);
}

TEST_CASE("it is written for people: blocks, and quotes only where they are needed") {
  CHECK(yaml_text({{"chains", {{"c", {{"steps", {{{"prompt", "Who?\nWhy?"}}, {{"model", "main"}}}}}}}}}) ==
        "chains:\n"
        "  c:\n"
        "    steps:\n"
        "      - prompt: |-\n"
        "          Who?\n"
        "          Why?\n"
        "      - model: main\n");
}
