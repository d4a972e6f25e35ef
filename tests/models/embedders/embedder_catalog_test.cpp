#include "models/embedders/hashed_text.h"
#include "models/governor/governors.h"
#include "models/limits.h"
#include "tests/models/embedders/embed_caller.h"

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

TEST_CASE("embedders are made by their provider and found by their name") {
  EmbedCaller caller;
  auto table =
      make_embedders({{.name = "main", .provider = "openai", .model = "text-embedding-3-small"},
                      {.name = "words", .provider = "builtin"},
                      {.name = "own", .provider = "openai", .model = "m", .base_url = "http://h/v1"},
                      {.name = "small", .provider = "gemini", .model = "m", .dimensions = 768, .batch = 7},
                      {.name = "local", .provider = "ollama", .model = "m"},
                      {.name = "hub", .provider = "huggingface", .model = "a/b"}},
                     caller.services());
  REQUIRE_MESSAGE(table.has_value(), table.error().message);
  CHECK(table->at("main")->name() == "main");
  CHECK(table->at("main")->dimensions() == 0);
  CHECK(table->at("main")->limits().texts == 256);
  CHECK(table->at("main")->limits().text_tokens == 8192);
  CHECK(table->at("own")->limits().texts == 64);
  CHECK(table->at("own")->limits().text_tokens == 0);
  CHECK(table->at("words")->dimensions() == HashedText::kDimensions);
  CHECK(table->at("small")->dimensions() == 768);
  CHECK(table->at("small")->limits().texts == 7);
  CHECK(table->at("hub")->limits().texts == 32);
  CHECK(make_embedders({}, caller.services())->empty());
}

TEST_CASE("an embedder that cannot be made is named with what is wrong") {
  EmbedCaller caller;
  const auto problem = [&](std::vector<EmbedderSettings> settings) {
    return make_embedders(settings, caller.services()).error().message;
  };
  CHECK(
      problem({{.name = "x", .provider = "cohere"}}) ==
      "embeddings.x: there is no provider `cohere`; there are openai, gemini, ollama, huggingface, builtin");
  for (const char* provider : {"openai", "gemini", "ollama", "huggingface"})
    CHECK(problem({{.name = "x", .provider = provider}}).find("embeddings.x: `model` is missing") == 0);
  CHECK(problem({{.name = "x", .provider = "builtin"}, {.name = "x", .provider = "builtin"}}) ==
        "embeddings.x: two entries have this name");
}

TEST_CASE("the builtin embedder gives the same vectors for little text and for much") {
  EmbedCaller caller;
  auto embedder = caller.make(embedder_entry("builtin"));
  const std::vector<std::string> words = {"one", "서울은 아름답다", "three and more"};
  auto few = caller.embed(*embedder, words);
  REQUIRE(few.has_value());
  CHECK(few->rows() == 3);
  CHECK(few->usage.input_tokens == 0);
  CHECK_FALSE(few->usage.estimated);

  std::vector<std::string> many;
  while (many.size() < 10'000) many.insert(many.end(), words.begin(), words.end());
  many.emplace_back(1u << 20, 'a');  // longer than a turn of the worker
  auto all = caller.embed(*embedder, many);
  REQUIRE(all.has_value());
  REQUIRE(all->rows() == many.size());
  for (std::size_t i : {0u, 1u, 2u, 5000u, 9999u})
    CHECK(std::equal(all->row(i).begin(), all->row(i).end(), few->row(i % 3).begin()));

  auto nothing = caller.embed(*embedder, {"a", " "});
  REQUIRE_FALSE(nothing.has_value());
  CHECK(nothing.error().message.find("text 2 of 2 is empty") != std::string::npos);
}

TEST_CASE("the builtin embedder stops between two turns of its worker") {
  EmbedCaller caller;
  auto embedder = caller.make(embedder_entry("builtin"));
  std::vector<std::string> texts(100, std::string(limits::kHashSliceBytes, 'a'));
  auto alarm = caller.bench.loop.at(caller.bench.clock.now(),
                                    [&] { caller.bench.stop.request(StopReason::cancelled); });
  auto vectors = caller.embed(*embedder, std::move(texts));
  REQUIRE_FALSE(vectors.has_value());
  CHECK(vectors.error().code == ErrorCode::cancelled);
}

TEST_CASE("an embedder goes by the governor of the models that have its server and its key") {
  EmbedCaller caller;
  Governors governors(caller.bench.loop, caller.rng);
  EmbedderServices services = caller.services();
  services.governors = &governors;
  const ModelSettings chat{
      .name = "m", .provider = "openai", .base_url = "http://h/v1", .api_key = "k", .concurrency = 2};
  services.models = {chat};
  EmbedderSettings entry = embedder_entry("openai", "http://h/v1/");
  entry.api_key = "k";
  EmbedderSettings other = entry;
  other.name = "other";
  other.api_key = "another";

  auto table = make_embedders({entry, other}, services);

  REQUIRE_MESSAGE(table.has_value(), table.error().message);
  auto shared = governors.of(chat, services.models);
  CHECK(shared.use_count() == 2);
  table->erase("default");
  CHECK(shared.use_count() == 1);
}
