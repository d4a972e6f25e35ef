#include "models/providers/ollama_codec.h"
#include "models/providers/ollama_reply.h"
#include "tests/models/call.h"
#include "tests/models/recordings.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

Json body_of(OllamaCodec& codec, const ModelRequest& request) {
  return Json::parse(codec.request_body(request));
}

Result<ModelReply> read(std::string_view body) {
  OllamaReply reader;
  std::vector<ReplyDelta> deltas;
  if (auto fed = reader.feed(body, deltas); !fed) return fail(fed.error());
  return reader.finish(deltas);
}

}  // namespace

TEST_CASE("ollama: a request has the settings that were made, and says whether to stream") {
  OllamaCodec plain({.model = "llama3.1"});
  CHECK(plain.request_body(request_of({user("hi")})) ==
        R"({"model":"llama3.1","stream":true,"messages":[{"role":"user","content":"hi"}]})");

  OllamaCodec full({.model = "m",
                    .temperature = 0.5,
                    .seed = 7,
                    .max_output_tokens = 100,
                    .context = 8192,
                    .stream = false,
                    .think = "high",
                    .keep_alive = "-1",
                    .options = Json::parse(R"({"num_gpu":1,"seed":9})")});
  ModelRequest request = request_of({user("hi")}, {{"weather", "Forecast.", R"({"type":"object"})"}});
  request.tool_mode = ToolMode::native;
  request.stop = {"Observation:"};
  request.schema = R"({"type":"object"})";
  CHECK(
      full.request_body(request) ==
      R"({"model":"m","stream":false,"keep_alive":-1,"think":"high",)"
      R"("options":{"temperature":0.5,"seed":9,"num_predict":100,"num_ctx":8192,"num_gpu":1,"stop":["Observation:"]},)"
      R"("tools":[{"type":"function","function":{"name":"weather","description":"Forecast.","parameters":{"type":"object"}}}],)"
      R"("messages":[{"role":"user","content":"hi"}]})");
  OllamaCodec thinker({.model = "m", .think = "off", .keep_alive = "10m"});
  CHECK(body_of(thinker, request_of({user("hi")}))["think"] == false);
  CHECK(body_of(thinker, request_of({user("hi")}))["keep_alive"] == "10m");
}

TEST_CASE("ollama: messages have arguments as objects, results the name of their tool, pictures as data") {
  OllamaCodec codec({.model = "m"});
  std::vector<Message> messages{instruct("Be brief."), user("What is this?")};
  messages[1].images = {{"data:image/png;base64,AAAA"}};
  messages.push_back({.role = Role::assistant, .tool_calls = {{"a", "weather", R"({"city":"Seoul"})"}}});
  messages.push_back({.role = Role::tool, .content = "rain", .tool_call_id = "a", .name = "weather"});
  CHECK(
      dump(body_of(codec, request_of(std::move(messages)))["messages"]) ==
      R"([{"role":"system","content":"Be brief."},{"role":"user","content":"What is this?","images":["AAAA"]},)"
      R"({"role":"assistant","content":"","tool_calls":[{"function":{"name":"weather","arguments":{"city":"Seoul"}}}]},)"
      R"({"role":"tool","content":"rain","tool_name":"weather"}])");
}

TEST_CASE("ollama: a picture that it would have to fetch is refused, with what to send instead") {
  OllamaCodec codec({.model = "m"});
  Message asked = user("What is this?");
  asked.images = {{"data:image/png;base64,AAAA"}};
  CHECK(codec.accepts(request_of({asked})).has_value());
  asked.images.push_back({"https://example.org/a.png"});
  const auto refused = codec.accepts(request_of({asked, assistant("?"), user("And?")}));
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().message.find("send https://example.org/a.png as `data`") != std::string::npos);
  CHECK_FALSE(refused.error().retryable);
}

TEST_CASE("ollama: recorded requests come out again, message by message and tool by tool") {
  int compared = 0;
  for (const Recording& recording : recordings("recordings/ollama.jsonl.gz")) {
    const Json* recorded = find(recording.request, "messages");
    if (!recorded) continue;
    CAPTURE(recording.id);
    std::vector<Message> messages;
    bool plain = true;
    for (const Json& m : *recorded) {
      const std::string role = m["role"];
      plain = plain && (role == "system" || role == "user" || role == "assistant") &&
              string_or(m, "content", "\x01") != "\x01" && !find(m, "images");
      if (!plain) break;
      messages.push_back({.role = role == "system" ? Role::system
                                  : role == "user" ? Role::user
                                                   : Role::assistant,
                          .content = m["content"]});
    }
    if (!plain) continue;
    OllamaCodec codec({.model = recording.request["model"]});
    const Json body = body_of(codec, request_of(std::move(messages)));
    CHECK(body["model"] == recording.request["model"]);
    REQUIRE(body["messages"].size() == recorded->size());
    for (std::size_t i = 0; i < recorded->size(); ++i) {
      CHECK(body["messages"][i]["role"] == (*recorded)[i]["role"]);
      CHECK(body["messages"][i]["content"] == (*recorded)[i]["content"]);
    }
    ++compared;
  }
  CHECK(compared >= 8);
}

TEST_CASE("ollama: a model that is not there tells how to fetch it") {
  OllamaCodec codec({.model = "qwen3"});
  const Error error = codec.refusal(net::HttpHead{.status = 404},
                                    R"({"error":"model \"qwen3\" not found, try pulling it first"})");
  CHECK(error.message.find("ollama pull qwen3") != std::string::npos);
  CHECK_FALSE(error.retryable);
  CHECK(codec.refusal(net::HttpHead{.status = 404}, "404 page not found").message.find("pull") ==
        std::string::npos);
  CHECK(codec.refusal(net::HttpHead{.status = 503}, R"({"error":"server busy"})").retryable);
}

TEST_CASE("ollama: lines are read however they end, and an error line is an error") {
  const std::string hi = R"({"model":"m","message":{"role":"assistant","content":"Hi"},"done":false})";
  const std::string end = R"({"model":"m","message":{"content":""},"done":true,"eval_count":1})";
  CHECK(read(hi + "\n" + end + "\n")->text == "Hi");
  CHECK(read(hi + "\r\n\r\n" + end)->text == "Hi");
  CHECK(read("\n" + hi + "\n" + end + "\n{\"late\":true}\n")->finish == FinishReason::stop);
  const auto broken = read(hi + "\n{\"error\":\"an error was encountered while running the model\"}\n");
  REQUIRE_FALSE(broken.has_value());
  CHECK(broken.error().code == ErrorCode::model);
  CHECK(read(hi + "\n").error().code == ErrorCode::network);
  CHECK(read(hi + "\n").error().retryable);
  CHECK(read(hi + "\n" + hi.substr(0, 30)).error().code == ErrorCode::protocol);
  const auto calls = read(
      R"({"message":{"thinking":"hm","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"id":"x","function":{"name":"g"}},{"function":{}}]},"done":true,"done_reason":"stop"})");
  REQUIRE(calls.has_value());
  CHECK(calls->reasoning == "hm");
  CHECK(calls->finish == FinishReason::tool_calls);
  REQUIRE(calls->tool_calls.size() == 2);
  CHECK(calls->tool_calls[0].arguments == R"({"a":1})");
  CHECK(calls->tool_calls[1].id == "x");
  CHECK(calls->tool_calls[1].arguments == "{}");
}
