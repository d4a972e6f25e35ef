#include "models/embedders/gemini_embedding.h"
#include "models/embedders/huggingface_embedding.h"
#include "models/embedders/ollama_embedding.h"
#include "models/embedders/openai_embedding.h"
#include "models/embedders/vector_rows.h"
#include "models/limits.h"
#include "tests/models/embedders/embed_caller.h"
#include "tests/models/recordings.h"

#include <map>
#include <memory>
#include <numeric>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

std::unique_ptr<EmbeddingCodec> codec(const EmbedderSettings& settings) {
  if (settings.provider == "openai") return std::make_unique<OpenAiEmbedding>(settings);
  if (settings.provider == "gemini") return std::make_unique<GeminiEmbedding>(settings);
  if (settings.provider == "ollama") return std::make_unique<OllamaEmbedding>(settings);
  return std::make_unique<HuggingFaceEmbedding>(settings, true);
}

Json body_of(const EmbedderSettings& settings, std::vector<std::string> texts) {
  return Json::parse(codec(settings)->request_body(texts));
}

Result<Vectors> read(const std::string& provider, std::string_view body) {
  return codec(embedder_entry(provider))->read(body);
}

void check_vectors(const Json& expected, const Vectors& vectors) {
  CHECK(vectors.rows() == expected["rows"].get<std::size_t>());
  CHECK(vectors.dimensions == expected["dimensions"].get<std::size_t>());
  REQUIRE(vectors.values.size() >= 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(vectors.values[i] == expected["first"][i].get<float>());
    CHECK(vectors.values[vectors.values.size() - 3 + i] == expected["last"][i].get<float>());
  }
  CHECK(std::accumulate(vectors.values.begin(), vectors.values.end(), 0.0) ==
        doctest::Approx(expected["sum"].get<double>()).epsilon(1e-9));
  const Json* tokens = find(expected, "tokens");
  CHECK(vectors.usage.estimated == (tokens == nullptr));
  if (tokens) CHECK(vectors.usage.input_tokens == tokens->get<std::int64_t>());
}

// The texts of a recorded request; those of Gemini are inside of its parts.
std::vector<std::string> texts_of(const Json& request) {
  std::vector<std::string> texts;
  if (const Json* requests = find(request, "requests")) {
    for (const Json& one : *requests) texts.push_back(one["content"]["parts"][0]["text"]);
    return texts;
  }
  const Json& input = find(request, "input") ? request["input"] : request["inputs"];
  if (input.is_string()) return {input.get<std::string>()};
  for (const Json& text : input) texts.push_back(text);
  return texts;
}

// The entry that would have made a recorded request.
EmbedderSettings entry_for(const Json& recording) {
  EmbedderSettings settings = embedder_entry(recording["provider"]);
  const Json& request = recording["request"];
  const Json* first = find(request, "requests") ? &request["requests"][0] : &request;
  settings.model = string_or(*first, "model", "m");
  if (settings.model.starts_with("models/")) settings.model.erase(0, 7);
  if (std::string task = string_or(*first, "taskType"); task == "RETRIEVAL_QUERY")
    settings.task = "retrieval_query";
  if (const Json* dimensions = find(*first, "outputDimensionality")) settings.dimensions = *dimensions;
  if (const Json* options = find(request, "options")) settings.options = *options;
  return settings;
}

// Equal whatever the order of keys.
nlohmann::json unordered(const Json& value) {
  return nlohmann::json::parse(dump(value));
}

}  // namespace

TEST_CASE("recorded vectors of every provider are read as recorded") {
  std::map<std::string, int> read_of;
  for (const Json& recording : json_lines("recordings/embeddings.jsonl.gz")) {
    CAPTURE(recording["id"].get<std::string>());
    if (recording["status"] != 200) continue;
    auto vectors = read(recording["provider"], recording["body"].get_ref<const std::string&>());
    REQUIRE_MESSAGE(vectors.has_value(), vectors.error().message);
    check_vectors(recording["expected"], *vectors);
    ++read_of[recording["provider"]];
  }
  CHECK(read_of ==
        std::map<std::string, int>{{"gemini", 3}, {"huggingface", 1}, {"ollama", 3}, {"openai", 6}});
}

TEST_CASE("recorded requests come out again, field by field") {
  int compared = 0;
  for (const Json& recording : json_lines("recordings/embeddings.jsonl.gz")) {
    CAPTURE(recording["id"].get<std::string>());
    // One text may stand there as such: to a server that is a list of one.
    const Json& recorded = recording["request"];
    const bool voyage = recording["server"] == "voyage";  // whose requests have parameters of its own
    Json made = body_of(entry_for(recording), texts_of(recorded));
    for (const auto& [name, value] : recorded.items()) {
      if (voyage && (name == "input_type" || name.starts_with("output_") || name == "truncation")) continue;
      CAPTURE(name);
      REQUIRE(made.contains(name));
      const bool listed = made[name].is_array() && value.is_string();
      CHECK(unordered(made[name]) == unordered(listed ? Json::array({value}) : value));
    }
    ++compared;
  }
  CHECK(compared == 16);
}

TEST_CASE("a request has the settings that were made, and no others") {
  EmbedderSettings openai = embedder_entry("openai");
  CHECK(codec(openai)->request_body(std::vector<std::string>{"a", "b\n"}) ==
        R"({"model":"m","encoding_format":"base64","input":["a","b\n"]})");
  openai.dimensions = 256;
  openai.drop_params = {"encoding_format"};
  openai.extra_body = Json{{"input_type", "query"}};
  CHECK(dump(body_of(openai, {"a"})) ==
        R"({"model":"m","dimensions":256,"input_type":"query","input":["a"]})");

  EmbedderSettings ollama = embedder_entry("ollama");
  CHECK(dump(body_of(ollama, {"a"})) == R"({"model":"m","truncate":false,"input":["a"]})");
  ollama.truncate = true;
  ollama.dimensions = 64;
  ollama.keep_alive = "10m";
  ollama.options = Json{{"num_ctx", 4096}};
  CHECK(
      dump(body_of(ollama, {"a"})) ==
      R"({"model":"m","truncate":true,"dimensions":64,"keep_alive":"10m","options":{"num_ctx":4096},"input":["a"]})");
  ollama.keep_alive = "-1";
  CHECK(body_of(ollama, {"a"})["keep_alive"] == -1);

  EmbedderSettings gemini = embedder_entry("gemini");
  CHECK(
      dump(body_of(gemini, {"a", "b"})) ==
      R"({"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]}},{"model":"models/m","content":{"parts":[{"text":"b"}]}}]})");
  gemini.task = "retrieval_document";
  gemini.dimensions = 768;
  CHECK(
      dump(body_of(gemini, {"a"})["requests"][0]) ==
      R"({"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_DOCUMENT","outputDimensionality":768})");
  CHECK(GeminiEmbedding::path(gemini) == "/models/m:batchEmbedContents");

  EmbedderSettings tei = embedder_entry("huggingface");
  CHECK(dump(body_of(tei, {"a"})) == R"({"truncate":false,"inputs":["a"]})");
  CHECK(HuggingFaceEmbedding(tei, false).request_body(std::vector<std::string>{"a"}) ==
        R"({"inputs":["a"]})");
  tei.truncate = true;
  CHECK(HuggingFaceEmbedding(tei, false).request_body(std::vector<std::string>{"a"}) ==
        R"({"truncate":true,"inputs":["a"]})");
}

TEST_CASE("where Hugging Face is asked, and in which format, is told by the base_url") {
  using Format = HuggingFaceRoute::Format;
  const auto route = [](std::string base) {
    EmbedderSettings settings = embedder_entry("huggingface", std::move(base));
    settings.model = "BAAI/bge-m3";
    return huggingface_route(settings);
  };
  CHECK(route("").url ==
        "https://router.huggingface.co/hf-inference/models/BAAI/bge-m3/pipeline/feature-extraction");
  CHECK(route("").format == Format::router);
  CHECK(route("http://tei:8080").url == "http://tei:8080/embed");
  CHECK(route("http://tei:8080/embed").url == "http://tei:8080/embed");
  CHECK(route("http://tei:8080/embed").format == Format::tei);
  CHECK(route("http://tei:8080/v1").url == "http://tei:8080/v1/embeddings");
  CHECK(route("http://tei:8080/v1").format == Format::openai);
  CHECK(route("https://h/models/x/y").url == "https://h/models/x/y");
  CHECK(route("https://h/models/x/y").format == Format::router);
}

TEST_CASE("rows are put where their index says") {
  auto vectors = read(
      "openai",
      R"({"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":"AACAPwAAAEA="}],"usage":{"prompt_tokens":5}})");
  REQUIRE_MESSAGE(vectors.has_value(), vectors.error().message);
  CHECK(vectors->values == std::vector<float>{1, 2, 3, 4});
  CHECK(vectors->usage.input_tokens == 5);
  auto unnumbered = read("openai", R"({"data":[{"embedding":[3]},{"embedding":[4]}]})");
  REQUIRE(unnumbered.has_value());
  CHECK(unnumbered->values == std::vector<float>{3, 4});
  CHECK(unnumbered->usage.estimated);
  auto single = read("huggingface", "[1,2,3]");
  REQUIRE(single.has_value());
  CHECK(single->rows() == 1);
  CHECK(single->dimensions == 3);
}

TEST_CASE("an answer that is none says what is wrong with it") {
  const auto says = [](const char* provider, std::string_view body, std::string_view text,
                       ErrorCode code = ErrorCode::protocol) {
    CAPTURE(body);
    auto vectors = read(provider, body);
    REQUIRE_FALSE(vectors.has_value());
    CAPTURE(vectors.error().message);
    CHECK(vectors.error().code == code);
    CHECK(vectors.error().message.find(text) != std::string::npos);
    CHECK(vectors.error().message.size() < 400);
  };
  says("openai", "", "the answer was empty");
  says("openai", "<html><body>It works!</body></html>", "no JSON");
  says("openai", R"({"hello":"world"})", "no `data`: {\"hello\":\"world\"}");
  says("openai", R"({"data":{}})", "no `data`");
  says("openai", R"({"data":[{"index":0}]})", "vector 1 of the answer is missing");
  says("openai", R"({"data":[{"index":0,"embedding":[]}]})", "vector 1 of the answer is empty");
  says("openai", R"({"data":[{"index":0,"embedding":[1,null]}]})", "number 2 of vector 1 is null");
  says("openai", R"({"data":[{"index":0,"embedding":["1"]}]})", "number 1 of vector 1 is \"1\"");
  says("openai", R"({"data":[{"index":0,"embedding":[1e39]}]})", "not finite");
  says("openai", R"({"data":[{"index":0,"embedding":[1e999]}]})", "no JSON");
  says("openai", R"({"data":[{"index":0,"embedding":"AADAfw=="}]})", "not finite");  // NaN
  says("openai", R"({"data":[{"index":0,"embedding":"AAAA"}]})", "no base64 of 32-bit numbers");
  says("openai", R"({"data":[{"index":0,"embedding":"AA*APw=="}]})", "no base64");
  says("openai", R"({"data":[{"index":0,"embedding":""}]})", "vector 1 of the answer is empty");
  says("openai", R"({"data":[{"index":7,"embedding":[1]}]})", "a vector number 8 of 1");
  says("openai", R"({"data":[{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}]})", "vector 1 twice");
  says("openai", R"({"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]})",
       "vector 2 of the answer has 2 dimensions, and those before it 1");
  says("openai", R"({"error":{"message":"Overloaded","type":"overloaded_error"}})", "Overloaded",
       ErrorCode::model);
  says("gemini", R"({"embeddings":[{}]})", "vector 1 of the answer is missing");
  says("gemini", R"([])", "no `embeddings`");
  says("ollama", R"({"embeddings":[1,2]})", "vector 1 of the answer is missing");
  says("huggingface", R"([[[1,2],[3,4]]])", "a vector for each token");
  says("huggingface", R"({"embeddings":[]})", "no list of vectors");
}

TEST_CASE("an answer that would fill the memory is refused") {
  std::string body = R"({"data":[{"index":0,"embedding":[0)";
  for (int i = 0; i < 50'000; ++i) body += ",0";
  body += "]}";
  for (int i = 0; i < 50'000; ++i) body += ",{}";
  auto vectors = read("openai", body + "]}");
  REQUIRE_FALSE(vectors.has_value());
  CHECK(vectors.error().message == "the answer has 50001 vectors, of which one has 50001 dimensions");
}
