#include "models/providers/schema_forms.h"

#include "models/constrain.h"
#include "models/providers/anthropic_codec.h"
#include "models/providers/gemini_codec.h"
#include "models/providers/ollama_codec.h"
#include "models/providers/openai_codec.h"
#include "tests/fakes/http_peer.h"
#include "tests/models/call.h"
#include "tests/models/dialects.h"
#include "tests/models/provider_model.h"
#include "tests/runtime/net/client_bench.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

const std::string kChoice =
    R"({"anyOf":[{"type":"object"},{"type":"object","properties":{"a":{"type":"string"}}}]})";
const std::string kObject =
    R"({"type":"object","properties":{"thought":{"type":"string"},"n":{"type":"integer"}},"required":["thought"],"additionalProperties":false})";
const std::string kStrict =
    R"({"type":"object","properties":{"thought":{"type":"string"},"n":{"anyOf":[{"type":"integer"},{"type":"null"}]}},"required":["thought","n"],"additionalProperties":false})";

ModelRequest held(bool native = false) {
  ModelRequest request = request_of({user("hi")}, {{"weather", "Forecast.", R"({"type":"object"})"}});
  request.schema = kChoice;
  request.object_schema = kObject;
  if (native) request.tool_mode = ToolMode::native;
  return request;
}

Json body_of(Codec& codec, const ModelRequest& request) {
  auto body = parse_json(codec.request_body(request));
  REQUIRE(body);
  return std::move(*body);
}

std::string text_stream(const Dialect& dialect) {
  return dialect.opening + dialect.text("{}") + dialect.end;
}

PeerReply stream(const Dialect& dialect, std::string body) {
  return PeerReply(200, std::move(body)).header("content-type", dialect.content_type);
}

/// A model of a provider behind a real client, asked with a schema.
struct Asker {
  explicit Asker(const Dialect& dialect, const HttpPeer& peer, std::string constrain = "auto")
      : model(settings(dialect, peer, std::move(constrain)), bench.client, bench.loop) {}

  static ModelSettings settings(const Dialect& dialect, const HttpPeer& peer, std::string constrain) {
    ModelSettings settings = entry_of(dialect.provider, peer.url("/v1"));
    settings.constrain = std::move(constrain);
    return settings;
  }
  Result<ModelReply> ask() {
    CallContext context{.loop = bench.loop, .stop = bench.stop, .events = events};
    return fakes::run(bench.loop, model->complete(held(), sink, context));
  }
  std::vector<std::string> warnings() const {
    std::vector<std::string> texts;
    for (const Event& event : events.events)
      if (event.fields["code"] == "constrain_off") texts.push_back(event.fields["text"]);
    return texts;
  }

  net::ClientBench bench;
  ProviderModel model;
  RecordingEvents events;
  RecordingSink sink;
};

bool holds(const PeerRequest& request) {
  for (std::string_view key : {"response_format", "responseJsonSchema", "\"format\"", "output_config"})
    if (request.body.find(key) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("a schema by OpenAI's rules is closed, with every member required and the optional ones null") {
  CHECK(dump(*strict_schema(*parse_json(kObject))) == kStrict);
  CHECK(
      dump(*strict_schema(*parse_json(
          R"({"type":"object","properties":{"l":{"type":"array","items":{"anyOf":[{"type":"object","properties":{"x":{"enum":["a"]}},"additionalProperties":false},{"type":"null"}]}}},"required":["l"],"additionalProperties":false})"))) ==
      R"({"type":"object","properties":{"l":{"type":"array","items":{"anyOf":[{"type":"object","properties":{"x":{"anyOf":[{"enum":["a"]},{"type":"null"}]}},"required":["x"],"additionalProperties":false},{"type":"null"}]}}},"required":["l"],"additionalProperties":false})");
  std::string deep = R"({"type":"string"})";
  for (int i = 0; i < 11; ++i)
    deep = R"({"type":"object","properties":{"d":)" + deep +
           R"(},"required":["d"],"additionalProperties":false})";
  for (const std::string& impossible :
       {kChoice, std::string(R"({"type":"object"})"), std::string("{}"), std::string(R"({"type":"array"})"),
        deep, std::string(R"({"type":"object","properties":{"a":{}},"additionalProperties":false})"),
        std::string(R"({"type":"object","properties":{"a":{"type":"array"}},"additionalProperties":false})"),
        std::string(
            R"({"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":true})")}) {
    CAPTURE(impossible);
    CHECK_FALSE(strict_schema(*parse_json(impossible)).has_value());
  }
}

TEST_CASE("openai: strict and without a choice at the root where OpenAI's rules are, else as it is") {
  const std::string strict =
      R"({"type":"json_schema","json_schema":{"name":"reply","schema":)" + kStrict + R"(,"strict":true}})";
  const std::string grammar =
      R"({"type":"json_schema","json_schema":{"name":"reply","schema":)" + kChoice + R"(,"strict":true}})";
  const std::vector<std::tuple<std::string, std::string, std::string>> cases = {
      {"gpt-4o-mini", "", strict},
      {"m", "", strict},
      {"m", "https://res.openai.azure.com/openai/v1", strict},
      {"qwen/qwen3", "https://openrouter.ai/api/v1", strict},
      {"llama-3.3", "https://api.groq.com/openai/v1", strict},
      {"openai/gpt-4.1", "http://gateway.example/v1", strict},
      {"o3-mini", "http://gateway.example/v1", strict},
      {"qwen3", "http://127.0.0.1:8000/v1", grammar},
      {"llama3.1", "http://127.0.0.1:11434/v1", grammar},
  };
  for (const auto& [model, base_url, expected] : cases) {
    CAPTURE(model);
    CAPTURE(base_url);
    OpenAiCodec codec({.model = model, .base_url = base_url});
    CHECK(dump(body_of(codec, held())["response_format"]) == expected);
    // Beside native tools only where both are taken.
    CHECK(body_of(codec, held(true)).contains("response_format") == (expected == strict));
    CHECK(codec.holds_schema(held(true)) == (expected == strict));
  }
  OpenAiCodec codec({.model = "gpt-4o"});
  ModelRequest open = held();
  open.object_schema =
      R"({"type":"object","properties":{"a":{"type":"object"}},"additionalProperties":false})";
  open.schema = open.object_schema;
  const Json format = body_of(codec, open)["response_format"]["json_schema"];
  CHECK(format["strict"] == false);
  CHECK(dump(format["schema"]) == open.object_schema);
  open.schema = open.object_schema = "}{";
  CHECK_FALSE(body_of(codec, open).contains("response_format"));
}

TEST_CASE("extra_body and drop_params come before a schema") {
  OpenAiCodec own(
      {.model = "gpt-4o", .extra_body = Json::parse(R"({"response_format":{"type":"json_object"}})")});
  CHECK(dump(body_of(own, held())["response_format"]) == R"({"type":"json_object"})");
  CHECK_FALSE(own.holds_schema(held()));
  OpenAiCodec none({.model = "gpt-4o", .drop_params = {"response_format"}});
  CHECK_FALSE(body_of(none, held()).contains("response_format"));
  GeminiCodec gemini(
      {.model = "m",
       .extra_body = Json::parse(R"({"generationConfig":{"responseMimeType":"text/x.enum"}})")});
  CHECK_FALSE(body_of(gemini, held())["generationConfig"].contains("responseJsonSchema"));
  GeminiCodec dropped({.model = "m", .drop_params = {"responseJsonSchema"}});
  CHECK_FALSE(body_of(dropped, held()).contains("generationConfig"));
  OllamaCodec ollama({.model = "m", .extra_body = Json::parse(R"({"format":"json"})")});
  CHECK(body_of(ollama, held())["format"] == "json");
}

TEST_CASE("gemini, ollama: the schema in the provider's place, not beside native tools; anthropic: none") {
  GeminiCodec gemini({.model = "gemini-2.5-flash"});
  CHECK(dump(body_of(gemini, held())["generationConfig"]) ==
        R"({"responseMimeType":"application/json","responseJsonSchema":)" + kObject + "}");
  CHECK_FALSE(body_of(gemini, held(true)).contains("generationConfig"));
  OllamaCodec ollama({.model = "llama3.1"});
  CHECK(dump(body_of(ollama, held())["format"]) == kChoice);
  CHECK_FALSE(body_of(ollama, held(true)).contains("format"));
  AnthropicCodec anthropic({.model = "claude-sonnet-4-5"});
  CHECK_FALSE(anthropic.holds_schema(held()));
  CHECK_FALSE(body_of(anthropic, held()).contains("output_config"));
}

TEST_CASE("huggingface: an endpoint is asked as TGI wants it") {
  const Dialect& huggingface = dialect("huggingface");
  HttpPeer peer([&](const PeerRequest&) { return stream(huggingface, text_stream(huggingface)); });
  Asker asker(huggingface, peer);
  REQUIRE(asker.ask().has_value());
  CHECK(dump((*parse_json(peer.requests().at(0).body))["response_format"]) ==
        R"({"type":"json_object","value":)" + kChoice + "}");
}

TEST_CASE("a refusal of a schema is told from others by what the server says, not by what it quotes") {
  const std::vector<std::pair<int, std::string>> refusals = {
      {400,
       R"({"error":{"message":"Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more","type":"invalid_request_error","param":null,"code":null}})"},
      {400,
       R"({"error":{"message":"Invalid schema for response_format 'reply': In context=(), 'additionalProperties' is required","type":"invalid_request_error","param":"response_format"}})"},
      {400,
       R"({"error":{"message":"This response_format type is unavailable now","type":"invalid_request_error","param":null,"code":"invalid_request_error"}})"},
      {400,
       R"({"error":{"message":"This model does not support response format `json_schema`. See supported models","type":"invalid_request_error"}})"},
      {400, R"({"error":"'response_format.type' must be 'json_object' or 'text'"})"},
      {400, R"({"error":{"code":400,"message":"Failed to parse grammar","type":"invalid_request_error"}})"},
      {500, R"({"error":{"code":500,"message":"JSON schema conversion failed:\nUnrecognized schema: {}"}})"},
      {422,
       R"({"detail":[{"type":"extra_forbidden","loc":["body","response_format"],"msg":"Extra inputs are not permitted","input":{}}]})"},
      {422,
       "Failed to deserialize the JSON body into the target type: response_format: missing field `value`"},
      {400,
       R"({"error":"json: cannot unmarshal object into Go struct field ChatRequest.format of type string"})"},
      {400,
       R"({"error":{"code":400,"message":"Invalid JSON payload received. Unknown name \"responseJsonSchema\" at 'generation_config': Cannot find field.","status":"INVALID_ARGUMENT"}})"},
      {400,
       R"([{"error":{"code":400,"message":"Function calling with a response mime type: 'application/json' is unsupported","status":"INVALID_ARGUMENT"}}])"},
  };
  for (const auto& [status, body] : refusals) {
    CAPTURE(body);
    CHECK(refuses_schema(status, body));
    CHECK_FALSE(refuses_schema(429, body));
    CHECK_FALSE(refuses_schema(401, body));
  }
  const std::vector<std::pair<int, std::string>> others = {
      {400,
       R"({"error":{"message":"This model's maximum context length is 8192 tokens","code":"context_length_exceeded"}})"},
      {400,
       R"({"error":{"message":"Invalid schema for function 'weather'","param":"tools[0].function.parameters"}})"},
      {400, R"({"error":{"message":"Unsupported parameter: 'max_tokens'","param":"max_tokens"}})"},
      {500, R"({"error":{"message":"The server had an error"}})"},
      {422,
       R"({"detail":[{"loc":["body","model"],"msg":"field required","input":{"response_format":{"type":"json_schema"}}}]})"},
      {400, ""},
      {400, "<html>bad request</html>"},
  };
  for (const auto& [status, body] : others) {
    CAPTURE(body);
    CHECK_FALSE(refuses_schema(status, body));
  }
}

TEST_CASE("a server that refuses the schema is asked once more without it, and never with one again") {
  for (const char* provider : {"openai", "gemini", "ollama", "huggingface"}) {
    CAPTURE(provider);
    const Dialect& each = dialect(provider);
    HttpPeer peer([&](const PeerRequest& request) {
      if (holds(request))
        return PeerReply::json(R"({"error":{"code":400,"message":"json_schema is not supported here"}})",
                               400);
      return stream(each, text_stream(each));
    });
    Asker asker(each, peer);
    auto first = asker.ask();
    REQUIRE_MESSAGE(first.has_value(), first.error().message);
    CHECK(first->text == "{}");
    REQUIRE(asker.ask().has_value());
    const auto requests = peer.requests();
    REQUIRE(requests.size() == 3);
    CHECK(holds(requests[0]));
    CHECK_FALSE(holds(requests[1]));
    CHECK_FALSE(holds(requests[2]));
    CHECK(requests[1].body == requests[2].body);
    REQUIRE(asker.warnings().size() == 1);
    CHECK(asker.warnings()[0].find("json_schema is not supported here") != std::string::npos);
    CHECK(asker.warnings()[0].find("`constrain: off`") != std::string::npos);
  }
}

TEST_CASE("no other refusal is repeated; one without the schema that is refused too is the error") {
  const Dialect& openai = dialect("openai");
  {
    HttpPeer peer([](const PeerRequest&) {
      return PeerReply::json(R"({"error":{"message":"Unsupported value: 'temperature'"}})", 400);
    });
    Asker asker(openai, peer);
    CHECK_FALSE(asker.ask().has_value());
    CHECK(peer.requests().size() == 1);
    CHECK(asker.warnings().empty());
  }
  HttpPeer peer([](const PeerRequest&) {
    return PeerReply::json(R"({"error":{"message":"Invalid schema for response_format"}})", 400);
  });
  Asker asker(openai, peer);
  auto reply = asker.ask();
  REQUIRE_FALSE(reply.has_value());
  CHECK(reply.error().status == 400);
  CHECK(peer.requests().size() == 2);
  // Refused alike without it: that was not what the server minded, and the next request has it again.
  CHECK(asker.warnings().empty());
  CHECK_FALSE(asker.ask().has_value());
  CHECK(holds(peer.requests().at(2)));
}

TEST_CASE("constrain: off sends no schema, and only entries that can hold one are asked to") {
  const Dialect& openai = dialect("openai");
  HttpPeer peer([&](const PeerRequest&) { return stream(openai, text_stream(openai)); });
  Asker asker(openai, peer, "off");
  REQUIRE(asker.ask().has_value());
  CHECK_FALSE(holds(peer.requests().at(0)));
  for (const char* provider : {"openai", "gemini", "ollama", "huggingface", "plugin/brain"}) {
    CHECK(constrains({.provider = provider}));
    CHECK_FALSE(constrains({.provider = provider, .constrain = "off"}));
  }
  for (const char* provider : {"builtin", "anthropic", "cassette", "plugin/", ""})
    CHECK_FALSE(constrains({.provider = provider}));
}

TEST_CASE(
    "a reply held to a schema that turns into blanks is cut, and asked for without a schema from then on") {
  for (const char* provider : {"openai", "ollama"}) {
    CAPTURE(provider);
    const Dialect& each = dialect(provider);
    HttpPeer peer([&](const PeerRequest& request) {
      if (!holds(request)) return stream(each, text_stream(each));
      std::string body = each.opening + each.text(R"({"thought":"hm",)");
      for (int i = 0; i < 200; ++i) body += each.text("  \n");
      return stream(each, std::move(body)).chunked().stall();
    });
    Asker asker(each, peer);
    auto reply = asker.ask();
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().retryable);
    CHECK(reply.error().message.find("blanks in a row") != std::string::npos);
    CHECK(asker.warnings().size() == 1);
    CHECK(peer.wait_for_open(0));
    REQUIRE(asker.ask().has_value());
    CHECK(peer.requests().size() == 2);
  }
  // The same blanks from a model that is held to nothing are its own affair.
  const Dialect& openai = dialect("openai");
  HttpPeer peer([&](const PeerRequest&) {
    return stream(openai, openai.text("a" + std::string(600, ' ')) + openai.text("b") + openai.end);
  });
  Asker asker(openai, peer, "off");
  CHECK(asker.ask().has_value());
}
