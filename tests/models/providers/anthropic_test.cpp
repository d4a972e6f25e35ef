#include "models/providers/anthropic_codec.h"
#include "models/providers/anthropic_reply.h"
#include "tests/models/call.h"
#include "tests/models/recordings.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

constexpr const char* kFixture = "recordings/anthropic.jsonl.gz";

ToolDeclaration weather() {
  return {"weather", "Forecast.", R"({"type":"object","properties":{"city":{"type":"string"}}})"};
}

Json body_of(AnthropicCodec& codec, const ModelRequest& request) {
  return Json::parse(codec.request_body(request));
}

Result<ModelReply> read(std::string_view body) {
  AnthropicReply reader;
  std::vector<ReplyDelta> deltas;
  if (auto fed = reader.feed(body, deltas); !fed) return fail(fed.error());
  return reader.finish(deltas);
}

Message answered(const ModelReply& reply, std::size_t bytes = std::string::npos) {
  return {.role = Role::assistant,
          .content = reply.text.substr(0, bytes),
          .tool_calls = reply.tool_calls,
          .provider_state = reply.provider_state};
}

// The blocks of a recorded message that a client must send back as they came.
Json kept_blocks(const Json& content) {
  Json kept = Json::array();
  for (const Json& block : content)
    if (const std::string type = block["type"]; type != "text" && type != "tool_use") kept.push_back(block);
  return kept;
}

// A recorded turn as one of our messages; nothing for what a Message does not hold (documents, files).
std::optional<std::vector<Message>> messages_of(const Json& turn) {
  const Json& content = turn["content"];
  const bool assistant = turn["role"] == "assistant";
  if (content.is_string())
    return std::vector<Message>{{.role = assistant ? Role::assistant : Role::user, .content = content}};
  std::vector<Message> messages;
  if (assistant) {
    Json whole = {{"model", "m"}, {"stop_reason", "end_turn"}, {"content", content}};
    auto reply = read(dump(whole));
    if (!reply) return std::nullopt;
    return std::vector<Message>{answered(*reply)};
  }
  for (const Json& block : content) {
    const std::string type = block["type"];
    if (type == "text") {
      messages.push_back(user(block["text"]));
    } else if (type == "tool_result" && find(block, "content") && block["content"].is_string()) {
      messages.push_back(
          {.role = Role::tool, .content = block["content"], .tool_call_id = block["tool_use_id"]});
    } else {
      return std::nullopt;
    }
  }
  return messages;
}

// What is left of a turn when the ways of writing the same thing are made one: text instead of a block, marks
// for the cache, fields with their default.
Json plain_turn(Json turn) {
  if (turn["content"].is_string()) turn["content"] = {{{"type", "text"}, {"text", turn["content"]}}};
  Json blocks = Json::array();
  for (Json& block : turn["content"]) {
    // Texts in a row are one text of a Message.
    if (!blocks.empty() && blocks.back()["type"] == "text" && block["type"] == "text" &&
        turn["role"] == "assistant") {
      blocks.back()["text"] = blocks.back()["text"].get<std::string>() + block["text"].get<std::string>();
      continue;
    }
    block.erase("cache_control");
    block.erase("citations");
    block.erase("caller");
    if (block.value("is_error", true) == false) block.erase("is_error");
    blocks.push_back(block);
  }
  turn["content"] = std::move(blocks);
  return Json::parse(nlohmann::json::parse(dump(turn)).dump());
}

}  // namespace

TEST_CASE("anthropic: a request has the settings that were made, the length it must have, and no others") {
  AnthropicCodec plain({.model = "claude-sonnet-4-5"});
  CHECK(
      plain.request_body(request_of({instruct("Be brief."), user("hi")})) ==
      R"({"model":"claude-sonnet-4-5","max_tokens":4096,"stream":true,)"
      R"("system":[{"type":"text","text":"Be brief.","cache_control":{"type":"ephemeral"}}],)"
      R"("messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]})");

  AnthropicCodec full({.model = "m",
                       .extra_body = Json::parse(R"({"metadata":{"user_id":"u"}})"),
                       .temperature = 0,
                       .max_output_tokens = 100,
                       .stream = false});
  ModelRequest request = request_of({user("hi")});
  request.stop = {"\nObservation:", "\n"};
  request.schema = R"({"type":"object"})";
  CHECK(
      dump(body_of(full, request)) ==
      R"({"model":"m","max_tokens":100,"temperature":0,"metadata":{"user_id":"u"},)"
      R"("stop_sequences":["\nObservation:"],)"
      R"("messages":[{"role":"user","content":[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]}]})");

  AnthropicCodec thinker({.model = "m", .max_output_tokens = 1000, .thinking = 2048});
  const Json body = body_of(thinker, request_of({user("hi")}));
  CHECK(body["max_tokens"] == 3048);
  CHECK(dump(body["thinking"]) == R"({"type":"enabled","budget_tokens":2048})");
}

TEST_CASE("anthropic: turns of one role become one, results come first, what says nothing is left out") {
  AnthropicCodec codec({.model = "m"});
  std::vector<Message> messages{instruct("One."), instruct("Two."), user("What is this?")};
  messages[2].images = {{"https://example.org/a.png"}, {"data:image/png;base64,AAAA"}};
  messages.push_back(
      {.role = Role::assistant,
       .content = "I look.",
       .tool_calls = {{"call.1", "weather", ""}, {"call_2", "weather", R"({"city":"Seoul"})"}}});
  messages.push_back({.role = Role::tool, .content = "sunny", .tool_call_id = "call.1", .name = "weather"});
  messages.push_back({.role = Role::tool, .content = "", .tool_call_id = "call_2", .name = "weather"});
  messages.push_back(instruct("Answer now."));
  messages.push_back(assistant("  \n"));
  messages.push_back(user("And?"));
  ModelRequest request = request_of(std::move(messages), {weather()});
  request.tool_mode = ToolMode::native;
  const Json body = body_of(codec, request);
  CHECK(
      dump(body["system"]) ==
      R"([{"type":"text","text":"One."},{"type":"text","text":"Two.","cache_control":{"type":"ephemeral"}}])");
  CHECK(
      dump(body["messages"]) ==
      R"([{"role":"user","content":[{"type":"text","text":"What is this?"},{"type":"image","source":{"type":"url","url":"https://example.org/a.png"}},{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}}]},)"
      R"({"role":"assistant","content":[{"type":"text","text":"I look."},{"type":"tool_use","id":"call_1","name":"weather","input":{}},{"type":"tool_use","id":"call_2","name":"weather","input":{"city":"Seoul"}}]},)"
      R"({"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"sunny"},{"type":"tool_result","tool_use_id":"call_2"},{"type":"text","text":"Answer now."},{"type":"text","text":"And?","cache_control":{"type":"ephemeral"}}]}])");
  CHECK(
      dump(body["tools"]) ==
      R"([{"name":"weather","description":"Forecast.","input_schema":{"type":"object","properties":{"city":{"type":"string"}}}}])");
  CHECK(body_of(codec, request_of({assistant("Hello"), user("hi")}))["messages"][0]["role"] == "user");
}

TEST_CASE("anthropic: a conversation that grows keeps the beginning of its body") {
  AnthropicCodec codec({.model = "m"});
  auto transcript = std::make_shared<Transcript>();
  transcript->add(instruct("You are \xff broken"));
  ModelRequest request{.transcript = transcript,
                       .tools = std::make_shared<const std::vector<ToolDeclaration>>()};
  std::string before = "{";
  for (int i = 0; i < 30; ++i) {
    transcript->add(i % 3 ? user("질문 " + std::to_string(i)) : assistant("answer"));
    std::string body = codec.request_body(request);
    REQUIRE(Json::accept(body));
    before.resize(std::min(before.size(), before.find(R"(,"cache_control":{"type":"ephemeral"}}]}]})")));
    if (before.ends_with("}]}]}")) before.resize(before.size() - 4);
    CHECK(body.starts_with(before));
    CHECK(transcript->rendering("anthropic/messages").rendered == transcript->size());
    before = std::move(body);
  }
}

TEST_CASE("anthropic: two places are marked for the prompt cache, and without the marks a body only grows") {
  AnthropicCodec codec({.model = "m"});
  auto transcript = std::make_shared<Transcript>();
  transcript->add(instruct("Be brief."));
  transcript->add(user("q"));
  ModelRequest request{.transcript = transcript,
                       .tools = std::make_shared<const std::vector<ToolDeclaration>>(
                           std::vector<ToolDeclaration>{{"f", "d", R"({"type":"object"})"}}),
                       .tool_mode = ToolMode::native};
  const std::string mark = R"(,"cache_control":{"type":"ephemeral"})";
  std::string before;
  for (int step = 0; step < 12; ++step) {
    std::string body = codec.request_body(request);
    int marks = 0;
    for (std::size_t at = body.find(mark); at != std::string::npos; at = body.find(mark)) {
      body.erase(at, mark.size());
      ++marks;
    }
    CHECK(marks == 2);  // four are allowed
    if (!before.empty()) {
      before.resize(before.size() - std::string_view("]}]}").size());  // the last turn may go on
      CHECK(body.starts_with(before));
    }
    before = std::move(body);
    const std::string id = "c" + std::to_string(step);
    transcript->add({.role = Role::assistant, .content = "I look.", .tool_calls = {{id, "f", "{}"}}});
    transcript->add({.role = Role::tool, .content = "seen", .tool_call_id = id, .name = "f"});
  }
}

TEST_CASE("anthropic: what was read from the prompt cache and written to it is part of the input") {
  auto reply = read(
      R"({"model":"m","stop_reason":"end_turn","content":[{"type":"text","text":"hi"}],"usage":{"input_tokens":21,"cache_creation_input_tokens":188086,"cache_read_input_tokens":300,"output_tokens":393}})");
  REQUIRE(reply.has_value());
  CHECK(reply->usage.input_tokens == 21 + 188086 + 300);
  CHECK(reply->usage.cached_tokens == 300);
  CHECK(reply->usage.cache_write_tokens == 188086);
  CHECK(reply->usage.output_tokens == 393);
}

TEST_CASE("anthropic: recorded thinking blocks go back as they came, at their place") {
  int compared = 0;
  for (const Recording& recording : recordings(kFixture)) {
    if (recording.status != 200 || find(recording.expected, "error")) continue;
    CAPTURE(recording.id);
    auto reply = read(recording.body);
    REQUIRE(reply.has_value());
    const Json& blocks = recording.expected["blocks"];
    CHECK(reply->provider_state.empty() == blocks.empty());
    if (blocks.empty() || (reply->text.empty() && reply->tool_calls.empty())) continue;
    AnthropicCodec codec({.model = "m"});
    const Json body = body_of(codec, request_of({user("q"), answered(*reply), user("and?")}));
    CHECK(kept_blocks(body["messages"][1]["content"]) == blocks);
    ++compared;
  }
  CHECK(compared >= 8);
}

TEST_CASE("anthropic: a turn whose text was cut ends there, and thinking alone is no turn") {
  const char* body =
      R"({"model":"m","stop_reason":"tool_use","content":[{"type":"thinking","thinking":"a","signature":"s1"},{"type":"text","text":"Hello there"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"More"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]})";
  auto reply = read(body);
  REQUIRE(reply.has_value());
  AnthropicCodec codec({.model = "m"});
  auto sent = [&](Message message) {
    return dump(body_of(codec, request_of({user("q"), std::move(message), user("and?")}))["messages"][1]);
  };
  CHECK(
      sent(answered(*reply)) ==
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"s1"},{"type":"text","text":"Hello there"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"More"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]})");
  Message cut = answered(*reply, 5);
  cut.tool_calls.clear();
  CHECK(
      sent(cut) ==
      R"({"role":"assistant","content":[{"type":"thinking","thinking":"a","signature":"s1"},{"type":"text","text":"Hello"}]})");
  Message nothing = answered(*reply, 0);
  nothing.tool_calls.clear();
  CHECK(body_of(codec, request_of({user("q"), nothing, user("and?")}))["messages"].size() == 1);
  Message others = answered(*reply);
  others.provider_state = R"({"gemini":[1]})";
  CHECK(
      sent(others) ==
      R"({"role":"assistant","content":[{"type":"text","text":"Hello thereMore"},{"type":"tool_use","id":"t","name":"f","input":{"a":1}}]})");
}

TEST_CASE("anthropic: recorded requests come out again, turn by turn and tool by tool") {
  int turns = 0, tools = 0;
  for (const Recording& recording : recordings(kFixture)) {
    const Json* recorded = find(recording.request, "messages");
    if (!recorded) continue;
    CAPTURE(recording.id);
    std::vector<Message> messages;
    bool plain = true;
    for (const Json& turn : *recorded) {
      auto parts = messages_of(turn);
      plain = plain && parts;
      if (!plain) break;
      for (Message& part : *parts) messages.push_back(std::move(part));
    }
    if (!plain) continue;
    std::vector<ToolDeclaration> declared;
    Json expected_tools = Json::array();
    if (const Json* list = find(recording.request, "tools"))
      for (const Json& tool : *list)
        if (const Json* schema = find(tool, "input_schema")) {
          declared.push_back({tool["name"], string_or(tool, "description"), dump(*schema)});
          expected_tools.push_back({{"name", tool["name"]},
                                    {"description", string_or(tool, "description")},
                                    {"input_schema", *schema}});
        }
    AnthropicCodec codec({.model = recording.request["model"]});
    ModelRequest request = request_of(std::move(messages), declared);
    request.tool_mode = ToolMode::native;
    const Json body = body_of(codec, request);
    CHECK(body["model"] == recording.request["model"]);
    REQUIRE(body["messages"].size() == recorded->size());
    for (std::size_t i = 0; i < recorded->size(); ++i) {
      CHECK(plain_turn(body["messages"][i]) == plain_turn((*recorded)[i]));
      ++turns;
    }
    if (expected_tools.empty()) continue;
    CHECK(body["tools"] == expected_tools);
    ++tools;
  }
  CHECK(turns >= 40);
  CHECK(tools >= 15);
}

TEST_CASE("anthropic: refusals say what to do, and a limit of the account is not tried again") {
  AnthropicCodec codec({.model = "m"});
  auto refused = [&](int status, std::string_view body, net::Headers headers = {}) {
    net::HttpHead head{.status = status, .headers = std::move(headers)};
    return codec.refusal(head, body);
  };
  const char* limited = R"({"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}})";
  CHECK(refused(429, limited, {{"retry-after", "12"}}).retryable);
  CHECK_FALSE(refused(429, limited).retryable);
  CHECK(refused(429, limited).message.find("spend limit") != std::string::npos);
  CHECK_FALSE(
      refused(
          429,
          R"({"type":"error","error":{"type":"rate_limit_error","message":"x","details":{"error_code":"enforced_spend_limit_reached"}}})",
          {{"retry-after", "12"}})
          .retryable);
  const Error overloaded =
      refused(529, R"({"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}})");
  CHECK(overloaded.retryable);
  CHECK(overloaded.message == "HTTP 529: Overloaded");
  CHECK(
      refused(
          400,
          R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 208310 tokens > 200000 maximum"}})")
          .code == ErrorCode::too_large);
  CHECK(refused(404, R"({"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}})")
            .message.find("`model`") != std::string::npos);
  CHECK(
      refused(
          400,
          R"({"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low to access the Anthropic API."}})")
          .message.find("balance is used up") != std::string::npos);
}

TEST_CASE("anthropic: odd streams are read, broken ones say so") {
  const std::string start =
      "data: {\"type\":\"message_start\",\"message\":{\"model\":\"m\",\"usage\":{\"input_tokens\":5}}}\n\n";
  const std::string end =
      "data: "
      "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1}}"
      "\n\n";
  const auto text = [](const std::string& index) {
    return "data: {\"type\":\"content_block_delta\"" + index +
           ",\"delta\":{\"type\":\"text_delta\",\"text\":\"Hi\"}}\n\n";
  };
  const std::string block =
      "data: "
      "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}"
      "\n\n";
  CHECK(read(start + block + text(",\"index\":0") + end)->text == "Hi");  // no message_stop
  CHECK(read(start + block + text("") + end)->text == "Hi");
  CHECK(read(start + text(",\"index\":0") + block + text(",\"index\":7") + end)->text == "");
  CHECK(read(start + "data: {\"type\":\"news\",\"of\":\"tomorrow\"}\n\n" + end)->usage.input_tokens == 5);
  CHECK(read(start + block + text("")).error().code == ErrorCode::network);
  CHECK(read(start + block + text("")).error().retryable);
  CHECK(read(start +
             "data: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"Internal\"}}\n\n")
            .error()
            .retryable);
  CHECK(read("data: [1]\n\n").error().code == ErrorCode::protocol);
  CHECK(read(R"({"content":[7,{"type":"text","text":"x"},{}],"stop_reason":"refusal"})")->finish ==
        FinishReason::content_filter);
}
