#include "app/configuration.h"
#include "tests/fakes/test_environment.h"

#include <doctest/doctest.h>

using namespace troupe;
using app::Checked;

namespace {

/// The configuration of one agent with this memory.
Checked with(const std::string& memory, const std::string& more = "", const std::string& limits = "") {
  const std::string text =
      "version: 1\nstore: { path: /tmp/s }\nmodels:\n  m: { provider: builtin }\n  paid: { provider: openai, "
      "model: x-1, base_url: \"http://h/v1\" }\n" +
      more + "agents:\n  a: { model: m, memory: " + memory + limits + " }\n";
  return app::load_configuration_text("t.yaml", text, fakes::TestEnvironment());
}

memory::MemorySettings read(const std::string& memory, const std::string& more = "") {
  Checked checked = with(memory, more);
  for (const config::Problem& problem : checked.problems) INFO(config::render(problem));
  REQUIRE(checked.configuration);
  return checked.configuration->agents.at("a").memory;
}

std::string problem(const std::string& memory, const std::string& more = "", const std::string& limits = "") {
  Checked checked = with(memory, more, limits);
  CHECK_FALSE(checked.configuration);
  return checked.problems.empty() ? "" : config::render(checked.problems.front());
}

}  // namespace

TEST_CASE("each memory type takes its own keys") {
  CHECK(read("token_buffer").max_tokens == 2000);
  CHECK(read("{ type: token_buffer, max_tokens: 500, steps: true }").steps);
  const auto summary = read("{ type: summary_buffer, max_tokens: 1000, model: paid }");
  CHECK(summary.max_tokens == 1000);
  CHECK(summary.model == "paid");
  CHECK(read("summary").model.empty());
  const auto vector =
      read("{ type: vector, k: 3, embedding: e }", "embeddings: { e: { provider: builtin } }\n");
  CHECK(vector.k == 3);
  CHECK(vector.embedding == "e");
  CHECK(read("vector", "embeddings: { default: { provider: builtin } }\n").k == 4);
}

TEST_CASE("a key of another type, or of another program, is told what it is called here") {
  const std::pair<std::string, std::string> wrong[] = {
      {"{ type: window, k: 3 }", "it is called `turns`"},
      {"{ type: summary_buffer, max_token_limit: 500 }", "it is called `max_tokens`"},
      {"{ type: buffer, max_token_limit: 500 }", "belongs to the types token_buffer, summary"},
      {"{ type: buffer, return_messages: true }", "always kept as messages"},
      {"{ type: summary, llm: m }", "it is called `model`"},
      {"{ type: buffer, turns: 3 }", "it belongs to `type: window`"},
      {"{ type: window, turn: 3 }", "did you mean `turns`"},
      {"{ type: sumary }", "did you mean `summary`"},
      {"{ type: vector, embedder: e }", "it is called `embedding`"},
  };
  for (const auto& [memory, said] : wrong) {
    CAPTURE(memory);
    CHECK(problem(memory).contains(said));
  }
}

TEST_CASE("blocks of facts are read in their order, and each is held to its limit") {
  const auto facts = read(
      "{ type: facts, turns: 4, blocks: [ { label: human, description: who, limit: 100 }, { label: rules, "
      "value: \"Be kind.\", read_only: true } ] }");
  CHECK(facts.turns == 4);
  REQUIRE(facts.blocks.size() == 2);
  CHECK(facts.blocks[0].label == "human");
  CHECK(facts.blocks[0].limit == 100);
  CHECK(facts.blocks[1].read_only);
  CHECK(problem("facts").contains("`blocks` is missing"));
  CHECK(problem("{ type: facts, blocks: [] }").contains("needs `blocks`"));
  CHECK(problem("{ type: facts, blocks: [ { label: a }, { label: a } ] }").contains("two blocks `a`"));
  CHECK(problem("{ type: facts, blocks: [ { label: a, limit: 3, value: long } ] }").contains("`a`"));
  CHECK(problem("{ type: facts, blocks: [ { name: a } ] }").contains("it is called `label`"));
  CHECK(problem("{ type: buffer, blocks: [ { label: a } ] }").contains("it belongs to `type: facts`"));
}

TEST_CASE("values out of range and names that lead nowhere are errors at their place") {
  CHECK(problem("{ type: token_buffer, max_tokens: 10 }").contains("t.yaml:7:"));
  CHECK(problem("{ type: vector, k: 0 }", "embeddings: { default: { provider: builtin } }\n").contains("50"));
  CHECK(problem("{ type: summary, model: paind }").contains("did you mean `paid`"));
  CHECK(problem("{ type: vector, embedding: word }", "embeddings: { words: { provider: builtin } }\n")
            .contains("did you mean `words`"));
  const std::string missing = problem("vector");
  CHECK(missing.contains("there is no `default` in `embeddings`"));
  CHECK(missing.contains("embeddings: { default: { provider: builtin } }"));
}

TEST_CASE("a summary whose cost nobody knows does not go with a cost limit") {
  const std::string unknown = problem("{ type: summary, model: paid }", "", ", limits: { cost: 1 }");
  CHECK(unknown.contains("memory.model"));
  CHECK(unknown.contains("add `price:"));
  CHECK(with("{ type: summary }", "", ", limits: { cost: 1 }").configuration);
  CHECK(problem("{ type: summary, model: paid }", "budgets: { day: { cost: 1 } }\n").contains("budgets"));
}

TEST_CASE("what a memory is configured to be survives being stored") {
  Checked checked = with("{ type: summary_buffer, max_tokens: 900, model: paid, steps: true }");
  REQUIRE(checked.configuration);
  Checked again = app::restore_configuration(checked.configuration->canonical, *checked.configuration,
                                             fakes::TestEnvironment());
  REQUIRE(again.configuration);
  CHECK(again.configuration->hash == checked.configuration->hash);
  CHECK(again.configuration->agents.at("a").memory.model == "paid");
  CHECK(again.configuration->agents.at("a").memory.steps);
}

TEST_CASE("a memory may be a plugin's, with options for it, and comes back from the canonical text") {
  const std::string plugins = "plugins: { words: { path: /bin/sh } }\n";
  const auto plain = read("plugin/words", plugins);
  CHECK(plain.type == "plugin/words");
  CHECK(plain.options == Json::object());
  CHECK(plain.max_tokens == 2000);
  const std::string written =
      "{ type: plugin/words/mine, options: { most: 3, of: [a, b] }, max_tokens: 500, steps: true }";
  const auto whole = read(written, plugins);
  CHECK(whole.type == "plugin/words/mine");
  CHECK(whole.options == Json{{"most", 3}, {"of", {"a", "b"}}});
  CHECK(whole.max_tokens == 500);
  CHECK(whole.steps);
  Checked checked = with(written, plugins);
  REQUIRE(checked.configuration);
  Checked again = app::restore_configuration(checked.configuration->canonical, *checked.configuration,
                                             fakes::TestEnvironment());
  REQUIRE(again.configuration);
  CHECK(again.configuration->hash == checked.configuration->hash);
  CHECK(again.configuration->agents.at("a").memory.options == whole.options);
}

TEST_CASE("a memory of a plugin that is not there, and keys that it has not, are errors at their place") {
  const std::string plugins = "plugins: { words: { path: /bin/sh } }\n";
  const std::pair<std::string, std::string> wrong[] = {
      {"plugin/word", "there is no plugin `word` in `plugins`; did you mean `words`?"},
      {"{ type: plugin/word/mine }", "did you mean `words`?"},
      {"plugin", "plugin/NAME"},
      {"plugin/", "plugin/NAME"},
      {"{ type: plugin/words, config: { most: 3 } }", "it is called `options`"},
      {"{ type: plugin/words, options: 3 }", "what the plugin's memory is told"},
      {"{ type: plugin/words, model: m }", "it belongs to `type: summary`"},
      {"{ type: plugin/words, max_tokens: 10 }", "200"},
      {"{ type: window, options: { most: 3 } }", "it belongs to `type: plugin/NAME`"},
  };
  for (const auto& [memory, said] : wrong) {
    CAPTURE(memory);
    const std::string told = problem(memory, plugins);
    CHECK_MESSAGE(told.contains(said), told);
    CHECK(told.contains("t.yaml:8:"));
  }
}
