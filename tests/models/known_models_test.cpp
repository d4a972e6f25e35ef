#include "models/known/known_models.h"

#include "models/known/table_text.h"

#include <algorithm>
#include <tuple>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;

namespace {

const KnownModel* found(std::string_view provider, std::string_view name) {
  return find_known_model(known_models(), provider, name);
}

std::string name_found(std::string_view provider, std::string_view name) {
  const KnownModel* model = found(provider, name);
  return model ? model->name : "";
}

config::Entries<ModelSettings> entries(std::vector<ModelSettings> all) {
  config::Entries<ModelSettings> entries;
  for (ModelSettings& one : all) entries.emplace(one.name, one);
  return entries;
}

}  // namespace

TEST_CASE("the table that is shipped reads, is sorted, names nothing twice, and is plausible") {
  auto table = parse_known_models(known_models_text());
  REQUIRE_MESSAGE(table, table.error().message);
  REQUIRE(table->models.size() >= 50);
  CHECK(table->date.size() == 10);
  const auto key = [](const KnownModel& model) { return std::tie(model.provider, model.name); };
  CHECK(std::ranges::adjacent_find(table->models, std::ranges::greater_equal(), key) == table->models.end());
  for (const KnownModel& model : table->models) {
    CAPTURE(model.name);
    const Price& price = model.price;
    CHECK((model.provider == "openai" || model.provider == "anthropic" || model.provider == "gemini"));
    CHECK(price.input > 0);
    CHECK(price.input <= 150);
    CHECK((price.output == 0 || price.output >= price.input));
    CHECK(price.output <= 600);
    CHECK((price.cached == -1 || (price.cached > 0 && price.cached < price.input)));
    CHECK((price.cache_write == -1 || price.cache_write > price.input));
    CHECK(model.context >= 2'048);
    CHECK(model.context <= 2'000'000);
    CHECK(model.max_output <= model.context);
    CHECK((price.output > 0) == (model.max_output > 0));
  }
}

TEST_CASE("a model is found by its name and by any version of it, and by nothing else") {
  CHECK(name_found("openai", "gpt-4o") == "gpt-4o");
  CHECK(name_found("openai", "gpt-4o-2024-08-06") == "gpt-4o");
  CHECK(name_found("openai", "gpt-4o-2024-05-13") == "gpt-4o-2024-05-13");
  CHECK(name_found("openai", "gpt-4o-mini-2024-07-18") == "gpt-4o-mini");
  CHECK(name_found("openai", "gpt-4-0613") == "gpt-4");
  CHECK(name_found("openai", "gpt-4-0125-preview") == "gpt-4-0125-preview");
  CHECK(name_found("openai", "ft:gpt-4o-mini-2024-07-18:acme::Abc123") == "ft:gpt-4o-mini");
  CHECK(name_found("anthropic", "claude-sonnet-4-5-20250929") == "claude-sonnet-4-5");
  CHECK(name_found("anthropic", "claude-sonnet-4-20250514") == "claude-sonnet-4");
  CHECK(name_found("anthropic", "claude-3-5-haiku-latest") == "claude-3-5-haiku");
  CHECK(name_found("gemini", "gemini-2.5-flash-001") == "gemini-2.5-flash");
  CHECK(name_found("gemini", "models/gemini-2.5-flash") == "gemini-2.5-flash");

  for (const char* unknown :
       {"", "gpt", "gpt-4o-audio-preview", "gpt-4o-2024-8-6", "gpt-4-32k", "gpt-4-32k-0613", "gpt-4o-20",
        "ft:gpt-5:acme::x", "ft:", "ft:gpt-4o-audio:x", "GPT-4o", "claude-sonnet-4-5", "gpt-4o-latestest"})
    CHECK_MESSAGE(!found("openai", unknown), unknown);
  CHECK_FALSE(found("anthropic", "claude-sonnet-4-7"));
  CHECK_FALSE(found("huggingface", "gpt-4o"));
}

TEST_CASE("an entry without a price gets that of the public provider; its own comes first, all of it") {
  auto all = entries(
      {{.name = "gpt", .provider = "openai", .model = "gpt-4o-mini"},
       {.name = "own",
        .provider = "openai",
        .model = "gpt-4o-mini",
        .context = 1'000,
        .price = Price{.input = 1, .output = 2}},
       {.name = "url", .provider = "openai", .model = "gpt-4o-mini", .base_url = "https://api.openai.com/v1"},
       {.name = "new", .provider = "openai", .model = "gpt-99"}});
  complete(all);

  REQUIRE(all.at("gpt").price);
  CHECK(*all.at("gpt").price == Price{.input = 0.15, .output = 0.60, .cached = 0.075});
  CHECK(all.at("gpt").context == 128'000);
  CHECK(*all.at("own").price == Price{.input = 1, .output = 2});
  CHECK(all.at("own").context == 1'000);
  CHECK(all.at("url").price);
  CHECK_FALSE(all.at("new").price);
  CHECK(all.at("new").context == 0);
}

TEST_CASE("another server has no price, whatever its models are called") {
  for (const char* url :
       {"http://127.0.0.1:8000/v1", "https://openrouter.ai/api/v1", "http://api.openai.com/v1",
        "https://api.openai.com.evil.example/v1", "https://evil.example/api.openai.com"}) {
    CAPTURE(url);
    auto all = entries({{.name = "m", .provider = "openai", .model = "gpt-4o", .base_url = url}});
    complete(all);
    CHECK_FALSE(all.at("m").price);
    CHECK(all.at("m").context == 0);
  }
}

TEST_CASE("local models are free; a cassette costs what it records, and nothing when it is only played") {
  auto all = entries({{.name = "b", .provider = "builtin"},
                      {.name = "o", .provider = "ollama", .model = "gpt-4o"},
                      {.name = "t", .provider = "cassette", .tapes = "gpt", .mode = "replay"},
                      {.name = "r", .provider = "cassette", .tapes = "gpt"},
                      {.name = "gpt", .provider = "openai", .model = "gpt-4o"},
                      {.name = "l", .provider = "openai", .model = "gpt-4o", .base_url = "http://h/v1"}});
  complete(all);
  for (const char* name : {"b", "o", "t"}) CHECK((free_of_charge(all.at(name)) && !all.at(name).price));
  for (const char* name : {"r", "gpt", "l"}) CHECK_FALSE(free_of_charge(all.at(name)));
  CHECK(all.at("r").price == all.at("gpt").price);
}

TEST_CASE("a table that cannot be read says which line") {
  const std::string good = "2026-03-21\n# p n\n\nopenai m 1 2 - - 1000 -\n";
  REQUIRE(parse_known_models(good));
  CHECK(parse_known_models(good)->models[0].price == Price{.input = 1, .output = 2});
  for (const char* bad : {"openai m 1 2 - -", "openai m - 2 - - 1 1", "openai m 1 two - - 1 1",
                          "openai m 1 2 - - 1 1 1", "openai m -1 2 - - 1 1", "openai m 1 2 - - 1.5 1"}) {
    auto read = parse_known_models(good + bad);
    CAPTURE(bad);
    REQUIRE_FALSE(read);
    CHECK(read.error().message.contains("line 5"));
  }
  CHECK_FALSE(parse_known_models("today\n"));
}
