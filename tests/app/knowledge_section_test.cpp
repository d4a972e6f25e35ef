#include "app/configuration.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/test_environment.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

app::Checked load(const std::string& yaml) {
  return app::load_configuration_text(
      "/srv/t.yaml", "version: 1\nmodels: { m: { provider: builtin } }\nagents: { a: { model: m } }\n" + yaml,
      fakes::TestEnvironment({{"HOME", "/home/tester"}}));
}

std::string problem(const std::string& yaml) {
  auto checked = load(yaml);
  CHECK_FALSE(checked.configuration.has_value());
  std::string all;
  for (const config::Problem& one : checked.problems) all += config::render(one) + "\n";
  return all;
}

}  // namespace

TEST_CASE("knowledge is read with all its keys, and comes back from the canonical text") {
  fakes::TestEnvironment environment({{"HOME", "/home/tester"},
                                      {"OPENAI_API_KEY", "sk-canary-key-0"},
                                      {"RUNS", "7"},
                                      {"KIB", "128"},
                                      {"ROLE", "r"}});
  auto checked = app::load_configuration(fakes::fixture_path("config/good/everything.yaml"), environment);
  REQUIRE(checked.configuration.has_value());
  const auto& base = checked.configuration->knowledge.at("handbook");
  CHECK(base.name == "handbook");
  REQUIRE(base.sources.size() == 2);
  CHECK(base.sources[0].path.starts_with("/"));
  CHECK(base.sources[0].path.ends_with("/docs/**/*.md"));
  CHECK(base.sources[1].path == "https://example.org/page.html");
  CHECK(base.chunk.by == "markdown");
  CHECK(base.chunk.size == 200);
  CHECK(base.index.kind == memory::IndexKind::hnsw);
  CHECK(base.index.metric == memory::Metric::l2);
  CHECK(base.index.hnsw.m == 24);
  CHECK(base.search.mode == memory::SearchMode::hybrid);
  CHECK(base.search.hybrid.keyword_weight == 0.5);
  CHECK_FALSE(checked.configuration->knowledge.at("bare").search.hybrid.similarity_weight.has_value());
  CHECK(base.search.rerank.top_n == 4);
  CHECK(base.search.expand.neighbours == 2);
  CHECK(base.search.filter.matches({{"year", 2024}}));
  CHECK_FALSE(base.search.filter.matches({{"year", 1999}, {"draft", true}}));
  CHECK(base.limits.read_time == 5s);
  CHECK(base.limits.memory == 256u << 20);
  CHECK_FALSE(checked.configuration->knowledge.at("bare").index.kind.has_value());
  CHECK(checked.configuration->knowledge.at("graph").search.min_score == 0.4);
  const auto& tool = checked.configuration->tools.at("lookup");
  CHECK(tool.search.mode == memory::SearchMode::mmr);
  CHECK(tool.search.lambda == 0.5);
  CHECK(tool.search.filter.matches({{"lang", "ko"}}));

  auto restored =
      app::restore_configuration(checked.configuration->canonical, *checked.configuration, environment);
  REQUIRE(restored.configuration.has_value());
  CHECK(restored.configuration->hash == checked.configuration->hash);
  const auto& again = restored.configuration->knowledge.at("handbook");
  CHECK(again.index == base.index);
  CHECK(again.search.filter.written() == base.search.filter.written());
  CHECK(restored.configuration->tools.at("lookup").search.filter.written() == tool.search.filter.written());
}

TEST_CASE("knowledge that cannot work is refused at its place, with what to write") {
  CHECK(problem("knowledge: { k: { chunk: { size: 100, overlap: 100 } } }\n").contains("overlap"));
  CHECK(problem("knowledge: { k: { index: fast } }\n").contains("fast"));
  CHECK(problem("knowledge: { k: { index: faiss } }\n").contains("plugin/NAME"));
  CHECK(problem("knowledge: { k: { index: plugin/faiss } }\n").contains("faiss"));
  CHECK(problem("knowledge: { k: { index: { kind: flat, options: { factory: Flat } } } }\n")
            .contains("kind: plugin/NAME"));
  CHECK(problem("knowledge: { k: { search: { mode: threshold } } }\n").contains("min_score"));
  CHECK(problem("knowledge: { k: { search: { top_k: 3 } } }\n").contains("it is called `k`"));
  CHECK(problem("knowledge: { k: { search: { filter: { year: { gtt: 3 } } } } }\n").contains("/year/gtt"));
  CHECK(problem("knowledge: { k: { search: { rerank: { model: n } } } }\n").contains("n"));
  CHECK(problem("knowledge: { k: { search: { rerank: { model: m } } } }\n").contains("builtin"));
  CHECK(problem("knowledge: { k: { embedding: none } }\n").contains("none"));
  CHECK(problem("knowledge: { k: { chunk_size: 3 } }\n").contains("chunk: { size"));
  CHECK(problem("knowledge: { k: {} }\ntools: { t: { type: retriever } }\n").contains("knowledge"));
  CHECK(problem("knowledge: { k: {} }\ntools: { t: { type: retriever, knowledge: k, search: { mode: mmr, "
                "fetch_k: 3 } } }\n")
            .contains("`fetch_k` is 3"));
  CHECK(problem("knowledge: { book: {} }\ntools: { t: { type: retriever, knowledge: bok } }\n")
            .contains("did you mean `book`?"));
}

TEST_CASE("a source may say which plugin reads it; what it says comes back from the canonical text") {
  const std::string plugins = "plugins: { films: { path: /bin/sh } }\n";
  auto checked = load(plugins +
                      "knowledge: { k: { sources: [ a.md, { path: \"talks/*.srt\", plugin: films },\n"
                      "  { path: \"https://example.org/x.vtt\", plugin: films, loader: vtt } ] } }\n");
  REQUIRE(checked.configuration.has_value());
  const auto& sources = checked.configuration->knowledge.at("k").sources;
  REQUIRE(sources.size() == 3);
  CHECK(sources[0].reader().empty());
  CHECK(sources[1].path.ends_with("/talks/*.srt"));
  CHECK(sources[1].reader() == "films");
  CHECK(sources[2].path == "https://example.org/x.vtt");
  CHECK(sources[2].reader() == "films/vtt");
  auto restored = app::restore_configuration(checked.configuration->canonical, *checked.configuration,
                                             fakes::TestEnvironment({{"HOME", "/home/tester"}}));
  REQUIRE(restored.configuration.has_value());
  CHECK(restored.configuration->knowledge.at("k").sources == sources);
  CHECK(restored.configuration->hash == checked.configuration->hash);

  CHECK(problem(plugins + "knowledge: { k: { sources: [ { path: a, plugin: filme } ] } }\n")
            .contains("did you mean `films`?"));
  CHECK(problem(plugins + "knowledge: { k: { sources: [ { path: a } ] } }\n").contains("plugin"));
  CHECK(problem(plugins + "knowledge: { k: { sources: [ { plugin: films } ] } }\n").contains("path"));
  CHECK(problem(plugins + "knowledge: { k: { sources: [ { url: a, plugin: films } ] } }\n")
            .contains("URLs stand in `path`"));
}

TEST_CASE("a rule may name a plugin's guardrail, with settings for it") {
  const std::string head =
      "version: 1\nmodels: { m: { provider: builtin } }\nplugins: { bank: { path: /bin/sh } }\n";
  auto rule = [&](const std::string& written) {
    return app::load_configuration_text(
        "/srv/t.yaml", head + "agents: { a: { model: m, guardrails: { input: [ " + written + " ] } } }\n",
        fakes::TestEnvironment({{"HOME", "/home/tester"}}));
  };
  auto checked =
      rule("{ plugin: bank, rule: iban, settings: { allow: card }, mode: parallel, message: No. }");
  REQUIRE(checked.configuration.has_value());
  const auto& read = checked.configuration->agents.at("a").guardrails.input.at(0);
  CHECK(read.plugin == "bank");
  CHECK(read.rule == "iban");
  CHECK(read.plugin_settings == Json({{"allow", "card"}}));
  auto restored = app::restore_configuration(checked.configuration->canonical, *checked.configuration,
                                             fakes::TestEnvironment({{"HOME", "/home/tester"}}));
  REQUIRE(restored.configuration.has_value());
  CHECK(restored.configuration->hash == checked.configuration->hash);
  for (const char* wrong : {"{ plugin: bank, deny: x }", "{ rule: iban }", "{ deny: x, rule: iban }",
                            "{ plugin: bank, settings: 5 }", "{ plugin: bank, model: m, prompt: p }"}) {
    CAPTURE(wrong);
    CHECK_FALSE(rule(wrong).configuration.has_value());
  }
}
