#include "app/configuration.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/test_environment.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

app::Checked load(const std::string& entries) {
  return app::load_configuration_text("t.yaml", "version: 1\nembeddings:\n" + entries,
                                      fakes::TestEnvironment({{"HOME", "/home/tester"}}));
}

}  // namespace

TEST_CASE("embeddings are read with all their keys, and come back from the canonical text") {
  fakes::TestEnvironment environment({{"HOME", "/home/tester"},
                                      {"OPENAI_API_KEY", "sk-canary-key-0"},
                                      {"RUNS", "7"},
                                      {"KIB", "128"},
                                      {"ROLE", "r"}});
  auto checked = app::load_configuration(fakes::fixture_path("config/good/everything.yaml"), environment);
  REQUIRE(checked.configuration.has_value());
  const auto& all = checked.configuration->embeddings;
  REQUIRE(all.size() == 5);
  const auto& entry = all.at("default");
  CHECK(entry.name == "default");
  CHECK(entry.provider == "openai");
  CHECK(entry.model == "text-embedding-3-small");
  CHECK(entry.base_url == "https://vectors.example/v1");
  CHECK(entry.api_key == "sk-canary-key-0");
  CHECK(entry.extra_headers.contains("X-Team"));
  CHECK(entry.extra_body["input_type"] == "document");
  CHECK(entry.drop_params == std::vector<std::string>{"encoding_format"});
  CHECK(entry.dimensions == 256);
  CHECK(entry.batch == 100);
  CHECK(entry.timeout == 90s);
  CHECK(entry.retries == 0);
  CHECK(all.at("words").provider == "builtin");
  CHECK(all.at("google").task == "retrieval_document");
  CHECK(all.at("local").truncate);
  CHECK(all.at("local").keep_alive == "10m");
  CHECK(all.at("local").options["num_ctx"] == 2048);
  CHECK(all.at("tei").model.empty());
  CHECK(all.at("tei").batch == 0);

  const std::string& canonical = checked.configuration->canonical;
  CHECK(canonical.find("canary-key") == std::string::npos);
  auto restored = app::restore_configuration(canonical, *checked.configuration, environment);
  REQUIRE(restored.configuration.has_value());
  CHECK(restored.configuration->embeddings.at("default").api_key == "sk-canary-key-0");
  CHECK(restored.configuration->hash == checked.configuration->hash);
}

TEST_CASE("a key that travels in the open is warned of, also for embeddings") {
  auto open = load(
      "  a: { provider: openai, model: m, api_key: k-12345678, base_url: \"http://vectors.example\" }\n");
  REQUIRE(open.configuration.has_value());
  bool warned = false;
  for (const auto& problem : open.problems)
    warned = warned || problem.text.find("the key travels unencrypted") != std::string::npos;
  CHECK(warned);
  CHECK(load("  a: { provider: huggingface, base_url: \"http://127.0.0.1:8080\" }\n")
            .configuration.has_value());
}
