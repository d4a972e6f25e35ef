#include "models/providers/gemini_codec.h"
#include "models/providers/gemini_reply.h"
#include "tests/models/call.h"
#include "tests/models/recordings.h"

#include <chrono>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

constexpr const char* kFixture = "recordings/gemini.jsonl.gz";

ToolDeclaration weather() {
  return {"weather", "Forecast.", R"({"type":"object","properties":{"city":{"type":"string"}}})"};
}

Json body_of(GeminiCodec& codec, const ModelRequest& request) {
  return Json::parse(codec.request_body(request));
}

Result<ModelReply> read(std::string_view body) {
  GeminiReply reader;
  std::vector<ReplyDelta> deltas;
  if (auto fed = reader.feed(body, deltas); !fed) return fail(fed.error());
  return reader.finish(deltas);
}

Message answered(const ModelReply& reply) {
  return {.role = Role::assistant,
          .content = reply.text,
          .tool_calls = reply.tool_calls,
          .provider_state = reply.provider_state};
}

Json signatures_in(const Json& parts) {
  Json found = Json::array();
  for (const Json& part : parts)
    if (const Json* signature = find(part, "thoughtSignature")) found.push_back(*signature);
  return found;
}

// A recorded turn as our messages; nothing for what a Message does not hold.
std::optional<std::vector<Message>> messages_of(const Json& turn, std::string& last_call) {
  const Json* parts = find(turn, "parts");
  if (!parts || !parts->is_array()) return std::nullopt;
  if (string_or(turn, "role") == "model") {
    const Json whole = {{"candidates", {{{"content", turn}, {"finishReason", "STOP"}}}}};
    auto reply = read(dump(whole));
    if (!reply) return std::nullopt;
    if (!reply->tool_calls.empty()) last_call = reply->tool_calls[0].id;
    return std::vector<Message>{answered(*reply)};
  }
  std::vector<Message> messages;
  for (const Json& part : *parts) {
    if (part.size() != 1) return std::nullopt;
    if (const Json* text = find(part, "text")) {
      messages.push_back(user(*text));
    } else if (const Json* answer = find(part, "functionResponse"); answer && !find(*answer, "parts")) {
      messages.push_back({.role = Role::tool,
                          .content = dump((*answer)["response"]),
                          .tool_call_id = string_or(*answer, "id"),
                          .name = (*answer)["name"]});
    } else {
      return std::nullopt;
    }
  }
  return messages;
}

}  // namespace

TEST_CASE("gemini: a request has the settings that were made, and no others") {
  GeminiCodec plain({.model = "gemini-2.5-flash"});
  CHECK(
      plain.request_body(request_of({instruct("Be brief."), user("hi")})) ==
      R"({"systemInstruction":{"parts":[{"text":"Be brief."}]},"contents":[{"role":"user","parts":[{"text":"hi"}]}]})");

  GeminiCodec full({.model = "m",
                    .extra_body = Json::parse(R"({"generationConfig":{"topK":3},"labels":{"a":"b"}})"),
                    .drop_params = {"seed"},
                    .temperature = 0.5,
                    .top_p = 1,
                    .seed = 7,
                    .max_output_tokens = 100,
                    .thinking = 50,
                    .safety = {{"harassment", "low"}, {"hate_speech", "none"}}});
  ModelRequest request = request_of({user("hi")}, {weather()});
  request.tool_mode = ToolMode::native;
  request.stop = {"Observation:"};
  request.schema = R"({"type":"object"})";
  CHECK(
      body_of(full, request) ==
      Json::parse(
          R"({"safetySettings":[{"category":"HARM_CATEGORY_HARASSMENT","threshold":"BLOCK_LOW_AND_ABOVE"},{"category":"HARM_CATEGORY_HATE_SPEECH","threshold":"BLOCK_NONE"}],)"
          R"("labels":{"a":"b"},)"
          R"("generationConfig":{"temperature":0.5,"topP":1.0,"maxOutputTokens":150,"thinkingConfig":{"thinkingBudget":50,"includeThoughts":true},"topK":3,"stopSequences":["Observation:"]},)"
          R"("tools":[{"functionDeclarations":[{"name":"weather","description":"Forecast.","parametersJsonSchema":{"type":"object","properties":{"city":{"type":"string"}}}}]}],)"
          R"("contents":[{"role":"user","parts":[{"text":"hi"}]}]})"));
  CHECK(GeminiCodec::path({.model = "gemini-2.5-flash"}) == "/models/gemini-2.5-flash:streamGenerateContent");
  CHECK(GeminiCodec::path({.model = "tunedModels/x", .stream = false}) == "/tunedModels/x:generateContent");
}

TEST_CASE("gemini: turns of one role become one, answers are objects and name what they answer") {
  GeminiCodec codec({.model = "m"});
  std::vector<Message> messages{user("What is this?")};
  messages[0].images = {{"https://example.org/a.png"}, {"data:image/png;base64,AAAA"}};
  messages.push_back({.role = Role::assistant,
                      .content = "I look.",
                      .tool_calls = {{"a", "weather", ""}, {"b", "weather", R"({"city":"Seoul"})"}}});
  messages.push_back(
      {.role = Role::tool, .content = R"({"ok":true})", .tool_call_id = "a", .name = "weather"});
  messages.push_back({.role = Role::tool, .content = "rain", .tool_call_id = "b", .name = "weather"});
  messages.push_back(instruct("Answer now."));
  CHECK(
      dump(body_of(codec, request_of(messages))["contents"]) ==
      R"([{"role":"user","parts":[{"text":"What is this?"},{"fileData":{"mimeType":"image/png","fileUri":"https://example.org/a.png"}},{"inlineData":{"mimeType":"image/png","data":"AAAA"}}]},)"
      R"({"role":"model","parts":[{"text":"I look."},{"functionCall":{"name":"weather","args":{}}},{"functionCall":{"name":"weather","args":{"city":"Seoul"}}}]},)"
      R"({"role":"user","parts":[{"functionResponse":{"name":"weather","response":{"ok":true}}},{"functionResponse":{"name":"weather","response":{"output":"rain"}}},{"text":"Answer now."}]}])");
}

TEST_CASE("gemini: thought signatures and ids go back on the parts they came with") {
  auto reply = read(
      R"({"candidates":[{"content":{"parts":[{"text":"hm","thought":true},{"text":"I "},{"text":"look."},{"text":"","thoughtSignature":"s0"},{"functionCall":{"id":"x1","name":"f","args":{"a":1}},"thoughtSignature":"s1"},{"functionCall":{"name":"g","args":{}}}]},"finishReason":"STOP"}]})");
  REQUIRE(reply.has_value());
  CHECK(reply->reasoning == "hm");
  CHECK(reply->text == "I look.");
  CHECK(reply->finish == FinishReason::tool_calls);
  GeminiCodec codec({.model = "m"});
  Message said = answered(*reply);
  said.tool_calls[1].id = "made-up";
  const Json contents = body_of(
      codec,
      request_of({user("q"),
                  said,
                  {.role = Role::tool, .content = "1", .tool_call_id = "x1", .name = "f"},
                  {.role = Role::tool, .content = "2", .tool_call_id = "made-up", .name = "g"}}))["contents"];
  CHECK(
      dump(contents[1]) ==
      R"({"role":"model","parts":[{"text":"I look."},{"text":"","thoughtSignature":"s0"},{"functionCall":{"id":"x1","name":"f","args":{"a":1}},"thoughtSignature":"s1"},{"functionCall":{"name":"g","args":{}}}]})");
  CHECK(
      dump(contents[2]) ==
      R"({"role":"user","parts":[{"functionResponse":{"id":"x1","name":"f","response":{"output":"1"}}},{"functionResponse":{"name":"g","response":{"output":"2"}}}]})");

  int compared = 0;
  for (const Recording& recording : recordings(kFixture)) {
    const Json* signatures = find(recording.expected, "signatures");
    if (!signatures || signatures->empty()) continue;
    CAPTURE(recording.id);
    auto recorded = read(recording.body);
    REQUIRE(recorded.has_value());
    const Json body = body_of(codec, request_of({user("q"), answered(*recorded), user("and?")}));
    CHECK(signatures_in(body["contents"][1]["parts"]) == *signatures);
    ++compared;
  }
  CHECK(compared >= 10);
}

TEST_CASE("gemini: recorded requests come out again, turn by turn") {
  int turns = 0;
  for (const Recording& recording : recordings(kFixture)) {
    const Json* contents = find(recording.request, "contents");
    if (!contents || !contents->is_array()) continue;
    std::vector<Message> messages;
    std::string last_call;
    bool plain = true;
    for (const Json& turn : *contents) {
      auto parts = plain ? messages_of(turn, last_call) : std::nullopt;
      const std::string role = string_or(turn, "role");
      plain = plain && parts && (role == "user" || role == "model");
      if (!plain) break;
      for (Message& part : *parts) messages.push_back(std::move(part));
    }
    if (!plain) continue;
    CAPTURE(recording.id);
    GeminiCodec codec({.model = "m"});
    const Json body = body_of(codec, request_of(std::move(messages)));
    if (body["contents"].size() != contents->size()) continue;  // two turns of one role
    for (std::size_t i = 0; i < contents->size(); ++i) {
      const auto sorted = [](const Json& value) { return nlohmann::json::parse(dump(value)); };
      auto ours = sorted(body["contents"][i]), theirs = sorted((*contents)[i]);
      if (theirs["role"] == "model" && theirs["parts"].size() != ours["parts"].size()) continue;
      CHECK(ours == theirs);
      ++turns;
    }
  }
  CHECK(turns >= 30);
}

TEST_CASE("gemini: what was blocked or withheld says why") {
  const auto prompt = read(
      R"({"promptFeedback":{"blockReason":"SAFETY","safetyRatings":[{"category":"HARM_CATEGORY_HARASSMENT","probability":"HIGH"},{"category":"HARM_CATEGORY_HATE_SPEECH","probability":"NEGLIGIBLE"}]}})");
  REQUIRE_FALSE(prompt.has_value());
  CHECK(prompt.error().code == ErrorCode::model);
  CHECK_FALSE(prompt.error().retryable);
  CHECK(prompt.error().message ==
        "the prompt was blocked: SAFETY (harassment HIGH). What is let through is set by this entry's "
        "`safety`");
  const auto reply = read(
      R"([{"candidates":[{"finishReason":"PROHIBITED_CONTENT","finishMessage":"no"}],"modelVersion":"m"}])");
  CHECK(reply.error().message == "the reply was withheld: PROHIBITED_CONTENT, no");
  CHECK(read(R"({"candidates":[{"finishReason":"MALFORMED_FUNCTION_CALL"}]})").error().retryable);
  const auto cut =
      read(R"({"candidates":[{"content":{"parts":[{"text":"Once"}]},"finishReason":"RECITATION"}]})");
  CHECK(cut->text == "Once");
  CHECK(cut->finish == FinishReason::content_filter);
}

TEST_CASE("gemini: refusals say when to come back, and what is wrong with the key") {
  GeminiCodec codec({.model = "m"});
  auto refused = [&](int status, std::string_view body) {
    return codec.refusal(net::HttpHead{.status = status}, body);
  };
  const std::string limit =
      R"({"error":{"code":429,"message":"You exceeded your current quota","status":"RESOURCE_EXHAUSTED","details":[{"violations":[{"quotaId":"@"}]},{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"42.5s"}]}})";
  const auto with = [&](std::string quota) { return std::string(limit).replace(limit.find('@'), 1, quota); };
  const Error minute = refused(429, with("RequestsPerMinute"));
  CHECK(minute.retryable);
  CHECK(minute.retry_after == std::chrono::milliseconds(42500));
  CHECK_FALSE(refused(429, with("RequestsPerDayPerProject")).retryable);
  CHECK(refused(400, R"({"error":{"code":400,"message":"API key not valid. Please pass a valid API key."}})")
            .message.ends_with("Check this entry's `api_key`"));
  CHECK(refused(503, R"([{"error":{"code":503,"message":"The model is overloaded."}}])").retryable);
}
