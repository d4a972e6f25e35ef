#include "models/providers/openai_codec.h"

#include "tests/models/call.h"
#include "tests/models/recordings.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

ToolDeclaration weather() {
  return {"weather", "Forecast.",
          "{\n \"type\": \"object\",\n \"properties\": {\"city\": {\"type\": \"string\"}}\n}"};
}

Json body_of(OpenAiCodec& codec, const ModelRequest& request) {
  return Json::parse(codec.request_body(request));
}

}  // namespace

TEST_CASE("a request has the settings that were made, and no others") {
  OpenAiCodec plain({.model = "gpt-4o-mini"});
  CHECK(
      plain.request_body(request_of({user("hi")})) ==
      R"({"model":"gpt-4o-mini","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"hi"}]})");

  OpenAiCodec full(
      {.model = "m", .temperature = 0, .top_p = 0.5, .seed = 7, .max_output_tokens = 100, .stream = false});
  ModelRequest request = request_of({user("hi")});
  request.stop = {"Observation:"};
  CHECK(
      full.request_body(request) ==
      R"({"model":"m","temperature":0,"top_p":0.5,"seed":7,"max_tokens":100,"stop":["Observation:"],"messages":[{"role":"user","content":"hi"}]})");
}

TEST_CASE("parameters that a server does not take are left out, further ones are merged in") {
  OpenAiCodec codec({.model = "m",
                     .extra_body = Json::parse(R"({"top_k":40,"seed":9,"chat_template_kwargs":{"a":1}})"),
                     .drop_params = {"stream_options", "stop", "tools"},
                     .temperature = 0.5,
                     .seed = 7});
  ModelRequest request = request_of({user("hi")}, {weather()});
  request.tool_mode = ToolMode::native;
  request.stop = {"Observation:"};
  CHECK(
      codec.request_body(request) ==
      R"({"model":"m","stream":true,"temperature":0.5,"seed":9,"top_k":40,"chat_template_kwargs":{"a":1},"messages":[{"role":"user","content":"hi"}]})");

  OpenAiCodec schema(
      {.model = "m", .extra_body = Json::parse(R"({"response_format":{"type":"json_object"}})")});
  request.schema = "{}";
  CHECK(body_of(schema, request)["response_format"]["type"] == "json_object");
  OpenAiCodec without({.model = "m", .extra_body = Json::parse(R"({"stream_options":null})")});
  CHECK_FALSE(body_of(without, request).contains("stream_options"));
}

TEST_CASE("the o-series and gpt-5 get the parameter names they take") {
  for (const char* model : {"o1", "o1-mini", "o3-mini", "openai/o4-mini", "gpt-5", "gpt-5-nano-2025-08-07"}) {
    OpenAiCodec codec({.model = model, .max_output_tokens = 100});
    ModelRequest request = request_of({user("hi")});
    request.stop = {"x"};
    Json body = body_of(codec, request);
    CHECK(body["max_completion_tokens"] == 100);
    CHECK_FALSE(body.contains("max_tokens"));
    CHECK_FALSE(body.contains("stop"));
  }
  for (const char* model : {"gpt-4o", "o1x", "olmo", "gpt-50-mini-o1"}) {
    CAPTURE(model);
    CHECK(is_reasoning_model(model) == std::string_view(model).starts_with("gpt-50"));
  }
}

TEST_CASE("messages are rendered in OpenAI's shape") {
  OpenAiCodec codec({.model = "m"});
  std::vector<Message> messages{instruct("Be \"brief\".\n"), user("What is this?")};
  messages[1].images = {{"https://example.org/a.png"}, {"data:image/png;base64,AAAA"}};
  messages.push_back(
      {.role = Role::assistant,
       .tool_calls = {{"call_1", "weather", ""}, {"call_2", "weather", R"({"city":"Seoul"})"}}});
  messages.push_back({.role = Role::tool, .content = "sunny", .tool_call_id = "call_1", .name = "weather"});
  messages.push_back({.role = Role::tool, .content = "", .tool_call_id = "call_2", .name = "weather"});
  messages.push_back(assistant("서울은 맑음"));
  ModelRequest request = request_of(std::move(messages), {weather()});
  request.tool_mode = ToolMode::native;
  Json body = body_of(codec, request);
  CHECK(
      dump(body["messages"]) ==
      R"([{"role":"system","content":"Be \"brief\".\n"},)"
      R"({"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image_url","image_url":{"url":"https://example.org/a.png"}},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]},)"
      R"({"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"}},{"id":"call_2","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Seoul\"}"}}]},)"
      R"({"role":"tool","content":"sunny","tool_call_id":"call_1"},)"
      R"({"role":"tool","content":"","tool_call_id":"call_2"},)"
      R"({"role":"assistant","content":"서울은 맑음"}])");
  CHECK(
      dump(body["tools"]) ==
      R"([{"type":"function","function":{"name":"weather","description":"Forecast.","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])");
}

TEST_CASE("tools are declared only in native mode, a schema only when there is one") {
  OpenAiCodec codec({.model = "m"});
  ModelRequest request = request_of({user("hi")}, {weather()});
  CHECK_FALSE(body_of(codec, request).contains("tools"));
  CHECK_FALSE(body_of(codec, request).contains("response_format"));
  request.schema = R"({"type":"object"})";
  CHECK(dump(body_of(codec, request)["response_format"]) ==
        R"({"type":"json_schema","json_schema":{"name":"reply","schema":{"type":"object"},"strict":false}})");
}

TEST_CASE("a schema that is no JSON cannot break the body") {
  OpenAiCodec codec({.model = "m"});
  ModelRequest request = request_of({user("hi")}, {{"bad", "", "}{"}});
  request.tool_mode = ToolMode::native;
  CHECK(dump(body_of(codec, request)["tools"][0]["function"]["parameters"]) == R"({"type":"object"})");
}

TEST_CASE("a conversation that grows renders only what is new, and its body keeps its beginning") {
  OpenAiCodec codec({.model = "m"});
  auto transcript = std::make_shared<Transcript>();
  transcript->add(instruct("You are \xff broken"));
  ModelRequest request{.transcript = transcript,
                       .tools = std::make_shared<const std::vector<ToolDeclaration>>()};
  std::string before = codec.request_body(request);
  for (int i = 0; i < 20; ++i) {
    transcript->add(i % 2 ? user("질문 " + std::to_string(i)) : assistant("answer"));
    std::string body = codec.request_body(request);
    REQUIRE(Json::accept(body));
    CHECK(body.starts_with(std::string_view(before).substr(0, before.size() - 2)));
    CHECK(transcript->rendering("openai/chat").rendered == transcript->size());
    before = std::move(body);
  }
  CHECK(codec.request_body(request) == before);
}

TEST_CASE("recorded requests come out again, message by message") {
  // From a recorded body to our messages and back: what we send has the shape that real clients sent.
  int compared = 0;
  for (const Recording& recording : recordings()) {
    const Json* recorded = find(recording.request, "messages");
    if (!recorded || recording.status != 200) continue;
    bool plain = true;
    std::vector<Message> messages;
    Json expected = Json::array();
    for (const Json& m : *recorded) {
      std::string role = m["role"];
      Message message{.role = role == "system"      ? Role::system
                              : role == "assistant" ? Role::assistant
                              : role == "tool"      ? Role::tool
                                                    : Role::user};
      const Json* content = find(m, "content");
      plain = plain && (role == "system" || role == "assistant" || role == "tool" || role == "user") &&
              (!content || content->is_null() || content->is_string());
      if (!plain) break;
      if (content && content->is_string()) message.content = *content;
      Json shown = {{"role", role}, {"content", message.content}};
      if (const Json* calls = find(m, "tool_calls"); calls && calls->is_array() && !calls->empty()) {
        if (message.content.empty()) shown["content"] = nullptr;
        for (const Json& call : *calls) {
          message.tool_calls.push_back({call["id"], call["function"]["name"], call["function"]["arguments"]});
          shown["tool_calls"].push_back(
              {{"id", call["id"]},
               {"type", "function"},
               {"function",
                {{"name", call["function"]["name"]}, {"arguments", call["function"]["arguments"]}}}});
        }
      }
      if (role == "tool") shown["tool_call_id"] = message.tool_call_id = m["tool_call_id"];
      messages.push_back(std::move(message));
      expected.push_back(std::move(shown));
    }
    if (!plain) continue;
    CAPTURE(recording.id);
    OpenAiCodec codec({.model = "m"});
    CHECK(dump(body_of(codec, request_of(std::move(messages)))["messages"]) == dump(expected));
    ++compared;
  }
  CHECK(compared >= 60);
}
