#include "app/model_list.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::app;
using Verdict = models::Finding::Verdict;

namespace {

config::Entries<models::ModelSettings> some_models() {
  config::Entries<models::ModelSettings> all;
  all["main"] = {.name = "main",
                 .provider = "openai",
                 .model = "gpt-4o-mini",
                 .api_key = "sk-canary-key-0",
                 .extra_headers = {{"X-Team", "canary-team"}},
                 .context = 128000,
                 .price = models::Price{.input = 0.15, .output = 0.6, .cached = 0.075},
                 .fallback = {"local", "rules"}};
  all["main"].cache.type = "sqlite";
  all["local"] = {.name = "local",
                  .provider = "ollama",
                  .model = "llama3.1",
                  .base_url = "http://user:canary-pass@10.0.0.1:11434",
                  .stream = false};
  all["rules"] = {.name = "rules", .provider = "builtin"};
  all["tape"] = {.name = "tape", .provider = "cassette", .tapes = "main"};
  all["old"] = {.name = "old", .provider = "cassette"};
  return all;
}

config::Entries<models::EmbedderSettings> some_embedders() {
  config::Entries<models::EmbedderSettings> all;
  all["default"] = {.name = "default", .provider = "builtin"};
  all["far"] = {.name = "far",
                .provider = "gemini",
                .model = "m",
                .api_key = "sk-canary-key-0",
                .dimensions = 768,
                .batch = 7};
  return all;
}

}  // namespace

TEST_CASE("the list has a line an entry, with what is known of it") {
  const std::string text = as_text(some_models(), some_embedders());
  CHECK(text ==
        "MODEL  PROVIDER  NAME         CONTEXT  PRICE       CAN                         CACHE   FALLBACK     "
        "ADDRESS\n"
        "local  ollama    llama3.1     -        free        tools images schema         -       -            "
        "http://10.0.0.1:11434\n"
        "main   openai    gpt-4o-mini  128000   0.15 / 0.6  stream tools images schema  sqlite  local rules  "
        "https://api.openai.com/v1\n"
        "old    cassette  -            -        -           -                           -       -            "
        "-\n"
        "rules  builtin   -            -        free        stream tools                -       -            "
        "-\n"
        "tape   cassette  -            -        -           stream tools images schema  -       -            "
        "-\n"
        "\n"
        "EMBEDDER  PROVIDER  NAME  DIMENSIONS  BATCH  ADDRESS\n"
        "default   builtin   -     512         -      -\n"
        "far       gemini    m     768         7      https://generativelanguage.googleapis.com/v1beta\n");
  CHECK(as_text({}, {}) == "");
  CHECK(as_text({}, some_embedders()).starts_with("EMBEDDER"));
}

TEST_CASE("the list as JSON has the same, and no secret either") {
  const Json all = as_json(some_models(), some_embedders());
  CHECK(dump(all).find("canary") == std::string::npos);
  CHECK(as_text(some_models(), some_embedders()).find("canary") == std::string::npos);
  REQUIRE(all["models"].size() == 5);
  const Json& main = all["models"][1];
  CHECK(main["name"] == "main");
  CHECK(main["address"] == "https://api.openai.com/v1");
  CHECK(main["context"] == 128000);
  CHECK(main["price"]["cached"] == 0.075);
  CHECK(main["fallback"] == Json::array({"local", "rules"}));
  CHECK(main["can"] == Json::array({"stream", "tools", "images", "schema"}));
  CHECK(all["embeddings"][0]["dimensions"] == 512);
  CHECK(all["embeddings"][1]["batch"] == 7);
}

TEST_CASE("a provider's own list is shown with the entries that are there, or with why it is not") {
  RemoteList list{.entries = {"models.main", "embeddings.far"},
                  .address = "http://h/v1/models",
                  .models = models::RemoteModels{.names = {"a", "b"}}};
  CHECK(as_text(list) == "models.main, embeddings.far: http://h/v1/models has 2 models\n  a\n  b\n");
  CHECK(as_json(list)["models"] == Json::array({"a", "b"}));
  list.models->cut = true;
  CHECK(as_text(list).find("has more than 2 models") != std::string::npos);
  CHECK(as_json(list)["cut"] == true);
  list.models = fail(ErrorCode::network, "refused");
  CHECK(as_text(list) == "models.main, embeddings.far: refused\n");
  CHECK(as_json(list)["error"] == "refused");
}

TEST_CASE("what came of a trial is a line a finding, marked") {
  TriedEntry tried{"models",
                   "main",
                   "openai",
                   "m",
                   "http://h/v1",
                   {{"connection", Verdict::works, "answered in 3 ms"},
                    {"tools", Verdict::absent, "no"},
                    {"schema", Verdict::fails, "HTTP 500"}}};
  CHECK(as_text(tried) ==
        "models.main (openai m at http://h/v1)\n"
        "  ✓ connection answered in 3 ms\n"
        "  – tools      no\n"
        "  ✗ schema     HTTP 500\n");
  const Json shown = as_json(tried);
  CHECK(shown["ok"] == false);
  CHECK(shown["findings"][2] == Json{{"what", "schema"}, {"verdict", "fails"}, {"note", "HTTP 500"}});
  CHECK(as_text(TriedEntry{"embeddings", "default", "builtin", "", "", {}}) ==
        "embeddings.default (builtin)\n");
}
