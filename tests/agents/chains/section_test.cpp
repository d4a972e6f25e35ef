#include "runtime/config/yaml_text.h"
#include "tests/agents/chains/chain_world.h"

using namespace troupe;
using namespace troupe::agents;
using namespace troupe::agents::testing;

namespace {

// The one problem of a chain `c` with these keys.
std::string problem(const std::string& keys) {
  const auto read = read_chains("c:\n  model: m\n" + keys);
  CHECK(read.problems.size() == 1);
  return read.problems.empty() ? "" : read.problems.front();
}

}  // namespace

TEST_CASE("the chains of the specification's page are read as they stand there") {
  const auto read = read_chains(R"(
president:
  steps: [ { prompt: "Who is the president of {country}? Name only." }, { model: main }, { prompt: "List the changes made by {input}." }, { model: main } ]
ask_handbook:
  steps: [ { retrieve: handbook, mode: mmr, k: 6, lambda: 0.25 }, { combine: map_reduce, model: main } ]
)");
  CHECK(read.problems == std::vector<std::string>{});
  REQUIRE(read.settings.size() == 2);
  CHECK(inputs_of(read.settings[1]) == std::vector<std::string>{"country"});
  const ChainStepSettings& retrieve = read.settings[0].steps[0];
  CHECK(retrieve.search.mode == memory::SearchMode::mmr);
  CHECK(retrieve.search.k == 6);
  CHECK(retrieve.search.lambda == 0.25);
  CHECK(read.settings[0].steps[1].combine == CombineBy::map_reduce);
}

TEST_CASE("a chain that is exported reads back to the same, as YAML and as JSON") {
  const std::string text = R"(
all:
  description: |
    Everything at once:
      two lines.
  inputs: [topic, "words"]
  model: m
  retries: 4
  limits: { tokens: 1000, cost: 0.5, time: 90s, parallel: 3 }
  steps:
    - { prompt: "{topic}: \"yes\" # no\n\n- and {words} of $${HOME:-} ", system: "true", name: asked }
    - { model: , name: draft }
    - { parse: regex, pattern: "a(b)?\\d", group: 1, retries: 0 }
    - { rewrite: n }
    - { retrieve: handbook, mode: hybrid, k: 3, fetch_k: 30, lambda: 0, min_score: -0.5, document: d, filter: { year: { gt: 2020 }, on: "yes" } }
    - { combine: refine, instructions: "Short.", passages: 2 }
    - { parse: schema, schema: { type: object, properties: { a: { type: string, default: "null" } } } }
    - parallel: { z: [ { prompt: "x\ny" }, { model: n }, { parse: lines } ], b: [ { model: m } ] }
    - prompt: "{z} {b} {draft} {asked}"
    - model: n
)";
  const auto first = read_chains(text);
  for (const std::string& problem : first.problems) FAIL(problem);
  const config::Entries<ChainSettings> entries{{"all", first.settings[0]}};
  const Json shown = chains_section()->show(entries);
  for (const std::string& written : {config::yaml_text(shown), dump(shown)}) {
    CAPTURE(written);
    const auto again = read_chains(written);
    REQUIRE(again.problems == std::vector<std::string>{});
    CHECK(chains_section()->show({{"all", again.settings[0]}}) == shown);
  }
  CHECK(first.settings[0].steps[7].parallel[0].name == "z");  // in the order of the file
}

TEST_CASE("what cannot work is an error at its place that says what to do") {
  CHECK(problem("  steps: []").contains("at least one step"));
  CHECK(problem("  steps: [ { parse: json } ]")
            .contains("`steps[0].parse` of chain `c`: the first step cannot be a parser"));
  CHECK(problem("  steps: [ { prompt: x }, { parse: json }, { model: m } ]")
            .contains("follows a step `prompt`"));
  CHECK(problem("  steps: [ { prompt: x } ]").contains("no model is asked with"));
  CHECK(problem("  steps: [ { prompt: x }, { prompt: y }, { model: m } ]").contains("asked of no model"));
  CHECK(problem("  steps: [ { combine: stuff } ]").contains("put a step `retrieve: NAME` in front"));
  CHECK(problem("  steps: [ { retrieve: h }, { rewrite: m }, { combine: stuff } ]")
            .contains("put it right after `retrieve`"));
  CHECK(problem("  inputs: [topic]\n  steps: [ { prompt: \"{topic} {tpoic}\" }, { model: m } ]")
            .contains("nothing is called {tpoic} here; did you mean `topic`"));
  CHECK(problem("  inputs: [topic]\n  steps: [ { prompt: hi }, { model: m } ]")
            .contains("no prompt has {topic}"));
  CHECK(problem("  inputs: [input]\n  steps: [ { model: m } ]").contains("take another name"));
  CHECK(problem("  steps: [ { model: m, name: a }, { model: m, name: a } ]").contains("take another one"));
  CHECK(problem("  steps: [ { model: m }, { parse: regex } ]").contains("`pattern` is missing"));
  CHECK(problem("  steps: [ { model: m }, { parse: regex, pattern: \"(\" } ]")
            .contains("not a regular expression"));
  CHECK(problem("  steps: [ { model: m }, { parse: regex, pattern: a, group: 1 } ]")
            .contains("has no group 1"));
  CHECK(
      problem("  steps: [ { model: m }, { parse: json, pattern: a } ]").contains("it is for `parse: regex`"));
  CHECK(problem("  steps: [ { model: m }, { parse: schema } ]").contains("`schema` is missing"));
  CHECK(problem("  steps: [ { model: m }, { parse: schema, schema: { type: 7 } } ]").contains("schema"));
  CHECK(problem("  steps: [ { parallel: {} } ]").contains("no branch"));
  CHECK(problem("  steps: [ { parallel: { a: [ { parallel: { b: [ { model: m } ] } } ] } } ]")
            .contains("a branch has no branches of its own"));
  CHECK(problem("  steps: [ { prompt: x, model: m } ]").contains("a step does one thing"));
  CHECK(problem("  steps: [ { model: m, k: 3 } ]").contains("it belongs to a step `retrieve`"));
  CHECK(problem("  steps: [ { speak: x } ]").contains("it needs one of `prompt`"));
  CHECK(problem("  steps: [ hello ]").contains("a step: a map with one of"));
  CHECK(problem("  steps: [ { retrieve: h, filter: { year: { gtt: 1 } } }, { combine: stuff } ]")
            .contains("gtt"));
  CHECK(problem("  llm: x\n  steps: [ { model: m } ]").contains("it is called `model`"));
  const auto no_model = read_chains("c: { steps: [ { model: } ] }");
  REQUIRE(no_model.problems.size() == 1);
  CHECK(no_model.problems.front().contains("names no model, and the chain has none"));
}

TEST_CASE("a prompt is read from a file beside the configuration, and a file that is not there is an error") {
  fakes::TempDir folder;
  const std::string path = (folder.path() / "p.txt").string();
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs("About {topic}.", file);
  std::fclose(file);
  ChainWorld world("c: { inputs: [topic], steps: [ { prompt_file: " + path + " }, { model: m } ] }",
                   says({"ok"}));
  world.resume();
  CHECK(world.ask("c", "bees")["status"] == "done");
  CHECK(world.model->heard().front() == "About bees.");
  CHECK(problem("  steps: [ { prompt_file: /nowhere/p.txt }, { model: m } ]").contains("/nowhere/p.txt"));
  CHECK(problem("  steps: [ { prompt: x, prompt_file: " + path + " }, { model: m } ]")
            .contains("write either"));
}
