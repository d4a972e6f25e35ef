#include "models/providers/openai_reply.h"

#include "models/providers/complaint.h"
#include "models/providers/openai_chunk.h"
#include "tests/models/recordings.h"

#include <map>
#include <set>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

struct Read {
  Result<ModelReply> reply = ModelReply{};
  std::string text;
  std::string reasoning;
  bool has_usage = false;
};

Read read(std::string_view body, std::size_t piece = std::string::npos) {
  OpenAiReply reader;
  std::vector<ReplyDelta> deltas;
  Result<> fed;
  for (std::size_t at = 0; at < body.size() && fed; at += std::min(piece, body.size() - at))
    fed = reader.feed(body.substr(at, piece), deltas);
  Read out;
  if (fed)
    out.reply = reader.finish(deltas);
  else
    out.reply = fail(fed.error());
  out.has_usage = reader.has_usage();
  for (const ReplyDelta& delta : deltas)
    (delta.kind == ReplyDelta::Kind::text ? out.text : out.reasoning) += delta.text;
  return out;
}

std::string stream(std::initializer_list<std::string_view> chunks, bool done = true) {
  std::string out;
  for (std::string_view chunk : chunks) out += "data: " + std::string(chunk) + "\n\n";
  return done ? out + "data: [DONE]\n\n" : out;
}

void check_recording(const Recording& recording, std::size_t piece) {
  CAPTURE(recording.id);
  CAPTURE(piece);
  Read got = read(recording.body, piece);
  if (const Json* error = find(recording.expected, "error")) {
    REQUIRE_FALSE(got.reply.has_value());
    CHECK(got.reply.error().code == ErrorCode::model);
    CHECK(got.reply.error().message.find(error->get<std::string>().substr(0, 40)) != std::string::npos);
    CHECK(got.text == recording.expected["text"].get<std::string>());
    CHECK(got.reasoning == recording.expected["reasoning"].get<std::string>());
    return;
  }
  REQUIRE_MESSAGE(got.reply.has_value(), got.reply.error().message);
  check_reply(recording, *got.reply);
  CHECK(got.text == got.reply->text);
  CHECK(got.reasoning == got.reply->reasoning);
  CHECK(got.has_usage == (find(recording.expected, "usage") != nullptr));
}

constexpr std::size_t kShort = 2000;

// Where a recording is cut in two: after each of its first bytes, before its last, and in a stream before,
// at and behind the ends of the first events and at a few more places.
std::set<std::size_t> cuts_of(const Recording& recording) {
  const std::size_t size = recording.body.size();
  std::set<std::size_t> cuts = {1, 2, size / 2, size - 1};
  if (recording.form != "sse") return cuts;
  std::size_t end = 0;
  for (int event = 0; event < 2; ++event) {
    end = recording.body.find("\n\n", end + 1);
    if (end == std::string::npos) break;
    for (std::size_t near = 0; near < 4; ++near) cuts.insert(std::min(end + near, size - 1));
  }
  for (std::size_t tenth = 1; tenth < 10; ++tenth) cuts.insert(size * tenth / 10);
  return cuts;
}

}  // namespace

TEST_CASE("every recorded answer decodes to its text, calls, usage and finish") {
  std::map<std::string, int> by_provider;
  for (const Recording& recording : recordings()) {
    if (recording.status != 200) continue;
    check_recording(recording, std::string::npos);
    ++by_provider[recording.provider];
  }
  for (const char* provider : {"openai", "azure-openai", "groq", "deepseek", "openrouter", "together",
                               "cerebras", "xai", "mistral", "perplexity", "huggingface"}) {
    CAPTURE(provider);
    CHECK(by_provider[provider] > 0);
  }
}

// Pieces of one byte have a cut at every place. Where several bytes or lines come in one piece, it is enough
// to see it on the shorter recordings: what is read does not depend on how much came before.
TEST_CASE("every recorded answer decodes the same in pieces of any size") {
  for (const Recording& recording : recordings()) {
    if (recording.status != 200) continue;
    check_recording(recording, 1);
    if (recording.body.size() > kShort) continue;
    for (std::size_t piece : {2, 3, 7, 64, 1000}) check_recording(recording, piece);
  }
}

TEST_CASE("a stream cut in two at every byte has the same events") {
  int checked = 0;
  for (const Recording& recording : recordings()) {
    if (recording.form != "sse" || recording.body.size() > kShort) continue;
    CAPTURE(recording.id);
    const std::string_view body = recording.body;
    const auto events_of = [&](std::size_t cut) {
      SseDecoder decoder;
      std::vector<SseEvent> events;
      REQUIRE(decoder.feed(body.substr(0, cut), events));
      REQUIRE(decoder.feed(body.substr(cut), events));
      if (auto last = decoder.finish()) events.push_back(std::move(*last));
      return events;
    };
    const auto whole = events_of(0);
    REQUIRE(whole.size() > 1);
    for (std::size_t cut = 1; cut < body.size(); ++cut) {
      const auto events = events_of(cut);
      REQUIRE(events.size() == whole.size());
      for (std::size_t i = 0; i < events.size(); ++i) {
        if (events[i].data == whole[i].data && events[i].event == whole[i].event) continue;
        CAPTURE(cut);
        FAIL("event ", i, " is another one: ", events[i].data);
      }
    }
    ++checked;
  }
  CHECK(checked > 12);
}

// The decoder above passes on whole events, so what is left to see is where the answer itself is looked at:
// at its beginning, around the ends of events, and here and there.
TEST_CASE("an answer cut in two decodes the same") {
  int checked = 0;
  for (const Recording& recording : recordings()) {
    if (recording.status != 200 || recording.body.size() > kShort || find(recording.expected, "error"))
      continue;
    CAPTURE(recording.id);
    for (std::size_t cut : cuts_of(recording)) {
      CAPTURE(cut);
      OpenAiReply reader;
      std::vector<ReplyDelta> deltas;
      REQUIRE(reader.feed(std::string_view(recording.body).substr(0, cut), deltas));
      REQUIRE(reader.feed(std::string_view(recording.body).substr(cut), deltas));
      auto reply = reader.finish(deltas);
      REQUIRE(reply.has_value());
      check_reply(recording, *reply);
    }
    ++checked;
  }
  CHECK(checked > 70);
}

TEST_CASE("recorded errors tell what the provider said and whether to try again") {
  for (const Recording& recording : recordings()) {
    if (recording.status == 200) continue;
    CAPTURE(recording.id);
    Error error = complaint_error(ProviderComplaint::read_text(recording.body), recording.status);
    CHECK(error.code == ErrorCode::model);
    CHECK(error.status == recording.status);
    CHECK(error.retryable == (recording.status == 429));
    CHECK(error.message.find("HTTP " + std::to_string(recording.status)) == 0);
    CHECK(error.message.size() > 20);
  }
  for (const Json& line : json_lines("recordings/error_bodies.jsonl")) {
    CAPTURE(line["id"].get<std::string>());
    int status = line["status"];
    Error error = complaint_error(ProviderComplaint::read_text(dump(line["body"])), status);
    CHECK(error.code == ErrorCode::model);
    CHECK(error.status == status);
    bool quota = dump(line["body"]).find("exceeded your current quota") != std::string::npos;
    CHECK(error.retryable == ((status == 429 && !quota) || status >= 500));
    CHECK(error.message.size() <= 700);
  }
}

TEST_CASE("what servers leave out or add is tolerated") {
  const char* hello = R"({"choices":[{"index":0,"delta":{"content":"Hello"}}]})";
  const char* stop = R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})";

  CHECK(read(stream({hello, stop}, false)).reply->text == "Hello");          // no [DONE]
  CHECK(read(stream({hello})).reply->finish == FinishReason::stop);          // no finish reason
  CHECK_FALSE(read(stream({hello, stop})).has_usage);                        // no usage
  CHECK(read(": ping\n\n" + stream({hello, stop})).reply->text == "Hello");  // keep-alive
  CHECK(read(stream({hello, stop}) + "data: {\"late\":1}\n\n").reply->text == "Hello");
  CHECK(read("\xEF\xBB\xBF\r\n" + stream({hello, stop})).reply->text == "Hello");
  CHECK(read(stream({R"({"choices":null})", R"({"choices":[]})", R"({})", hello, stop})).reply->text ==
        "Hello");
  CHECK(read(stream({R"({"choices":[{"delta":{"content":null}}]})", R"({"choices":[{"delta":null}]})", hello,
                     stop}))
            .reply->text == "Hello");
  CHECK(read(stream({R"({"choices":[{"index":1,"delta":{"content":"other"}}]})", hello, stop})).reply->text ==
        "Hello");
  CHECK(read("event: message\nid: 3\n" + stream({hello, stop})).reply->text == "Hello");
  CHECK(read(R"(  {"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]})").reply->text == "Hi");
  CHECK(read(R"([{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}])").reply->text == "Hi");
  CHECK(
      read(
          stream(
              {R"({"choices":[{"message":{"role":"assistant","content":"whole"},"finish_reason":"stop"}]})"}))
          .reply->text == "whole");
  CHECK(read(stream({R"({"choices":[{"index":0,"text":"legacy","finish_reason":"stop"}]})"})).reply->text ==
        "legacy");
}

TEST_CASE("reasoning is kept apart, under either name and in parts") {
  CHECK(read(stream({R"({"choices":[{"delta":{"reasoning":"r1"}}]})",
                     R"({"choices":[{"delta":{"reasoning_content":"r2","content":"t"}}]})"}))
            .reply->reasoning == "r1r2");
  Read both = read(stream({R"({"choices":[{"delta":{"reasoning":"same","reasoning_content":"same"}}]})"}));
  CHECK(both.reply->reasoning == "same");
  Read parts = read(stream(
      {R"({"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]},{"type":"text","text":"yes"},{"type":"reference","reference_ids":[1]}]}}]})"}));
  CHECK(parts.reply->reasoning == "hm");
  CHECK(parts.reply->text == "yes");
  CHECK(
      read(stream({R"({"choices":[{"delta":{"reasoning":{"effort":"low"},"content":"x"}}]})"})).reply->text ==
      "x");
}

TEST_CASE("a refusal is a reply that says it was refused") {
  Read got = read(
      R"({"choices":[{"message":{"content":null,"refusal":"I cannot help with that."},"finish_reason":"stop"}]})");
  CHECK(got.reply->text == "I cannot help with that.");
  CHECK(got.reply->finish == FinishReason::content_filter);
}

TEST_CASE("tool calls are put together by index, id or position") {
  auto calls = [](std::initializer_list<std::string_view> deltas) {
    std::string body;
    for (std::string_view delta : deltas)
      body += "data: {\"choices\":[{\"delta\":{\"tool_calls\":" + std::string(delta) + "}}]}\n\n";
    Read got = read(body + "data: [DONE]\n\n");
    REQUIRE(got.reply.has_value());
    CHECK(got.reply->finish == FinishReason::tool_calls);
    std::string out;
    for (const ToolCall& call : got.reply->tool_calls)
      out += call.id + ":" + call.name + "(" + call.arguments + ")";
    return out;
  };
  CHECK(calls({R"([{"index":0,"id":"a","function":{"name":"f","arguments":""}}])",
               R"([{"index":0,"function":{"arguments":"{\"x\""}}])",
               R"([{"index":0,"function":{"arguments":":1}"}}])"}) == R"(a:f({"x":1}))");
  CHECK(
      calls(
          {R"([{"index":0,"id":"a","function":{"name":"f","arguments":"1"}},{"index":1,"id":"b","function":{"name":"g","arguments":"2"}}])",
           R"([{"index":1,"function":{"arguments":"3"}}])"}) == "a:f(1)b:g(23)");
  CHECK(calls({R"([{"id":"a","function":{"name":"f","arguments":"1"}}])",
               R"([{"id":"b","function":{"name":"g","arguments":"2"}}])",
               R"([{"id":"a","function":{"arguments":"3"}}])"}) == "a:f(13)b:g(2)");
  CHECK(calls({R"([{"function":{"name":"f","arguments":""}}])", R"([{"function":{"arguments":"12"}}])"}) ==
        ":f(12)");
  CHECK(calls({R"([{"function":{"name":"f","arguments":"1"}}])",
               R"([{"function":{"name":"f","arguments":"2"}}])"}) == ":f(1):f(2)");
  CHECK(calls({R"([{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}])",
               R"([{"index":0,"id":"b","function":{"name":"g","arguments":"2"}}])"}) == "a:f(1)b:g(2)");
  CHECK(calls({R"([{"index":0,"id":"a","function":{"name":"f","arguments":"1"}}])",
               R"([{"index":0,"id":"zz","function":{"name":"","arguments":"2"}}])"}) == "a:f(12)");
  CHECK(calls({R"([{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}])"}) ==
        R"(a:f({"x":1}))");
  CHECK(calls({R"([{"index":0,"id":"a","function":{"name":"f"}},null,7,{}])"}) == "a:f()");
  Read old = read(stream(
      {R"({"choices":[{"delta":{"function_call":{"name":"f","arguments":"{"}}}]})",
       R"({"choices":[{"delta":{"function_call":{"arguments":"}"}},"finish_reason":"function_call"}]})"}));
  CHECK(old.reply->tool_calls.at(0).arguments == "{}");
}

TEST_CASE("an error in the middle of a stream or with status 200 is an error") {
  const char* hello = R"({"choices":[{"index":0,"delta":{"content":"Hello"}}]})";
  auto overloaded = read(stream({hello, R"({"error":{"message":"Overloaded","type":"overloaded_error"}})"}));
  CHECK(overloaded.text == "Hello");
  CHECK(overloaded.reply.error().code == ErrorCode::model);
  CHECK(overloaded.reply.error().retryable);
  CHECK(read(R"({"error":{"message":"bad key","code":"invalid_api_key"}})").reply.error().retryable == false);
  CHECK(read(R"({"error":"out of memory"})").reply.error().message == "error in the reply: out of memory");
  CHECK(read(R"({"object":"error","message":"no such model","code":404})").reply.error().status == 404);
  CHECK(read(R"({"detail":"Not Found"})").reply.error().code == ErrorCode::model);
  CHECK(read("event: error\ndata: boom\n\n").reply.error().message.find("boom") != std::string::npos);
  CHECK(
      read(
          stream(
              {R"({"error":{"code":"context_length_exceeded","message":"maximum context length is 8192 tokens"}})"}))
          .reply.error()
          .code == ErrorCode::too_large);
  CHECK(read(stream({R"({"error":null,"choices":[{"delta":{"content":"ok"}}]})"})).reply->text == "ok");
}

TEST_CASE("what ends too soon or is something else is said to be so") {
  CHECK(read(stream({R"({"choices":[{"delta":{"content":"Hel"}}]})"}, false)).reply.error().code ==
        ErrorCode::network);
  CHECK(read(stream({R"({"choices":[{"delta":{"content":"Hel"}}]})"}, false)).reply.error().retryable);
  CHECK(read("").reply.error().code == ErrorCode::network);
  CHECK(read("\n\n\n").reply.error().code == ErrorCode::network);
  CHECK(read("Not an API").reply.error().message.find("Not an API") != std::string::npos);
  CHECK(read("<html><body>It works!</body></html>").reply.error().code == ErrorCode::protocol);
  CHECK(read(R"({"choices":[{"message":{"content":"cut off)").reply.error().code == ErrorCode::protocol);
  CHECK(read(R"({"hello":"world"})").reply.error().message.find("no choices") != std::string::npos);
  CHECK(read("data: {\"choices\":\n\n").reply.error().code == ErrorCode::protocol);
  CHECK(read("data: 7\n\n").reply.error().code == ErrorCode::protocol);
  CHECK(read("data: " + std::string(100, '[') + "\n\n").reply.error().code == ErrorCode::protocol);
}

TEST_CASE("a reply without end is refused at the limit, as a stream and as one body") {
  const std::string text(10'000, 'a');
  const std::string chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"" + text + "\"}}]}\n\n";
  for (const std::string& piece : {chunk, "[" + text}) {
    OpenAiReply reader(50'000);
    std::vector<ReplyDelta> deltas;
    for (int i = 0; i < 4; ++i) CHECK(reader.feed(piece, deltas));
    const bool stream = piece == chunk;
    if (stream) CHECK(reader.feed(piece, deltas));  // what it says counts, not what is around it
    auto fed = reader.feed(piece, deltas);
    REQUIRE_FALSE(fed);
    CHECK(fed.error().code == ErrorCode::protocol);
    CHECK(fed.error().message.find("larger than 50000 bytes") != std::string::npos);
  }
}

TEST_CASE("the quick reading of text chunks gives what the thorough one gives") {
  int quick = 0, all = 0;
  for (const Recording& recording : recordings()) {
    if (recording.form != "sse") continue;
    SseDecoder decoder;
    std::vector<SseEvent> events;
    REQUIRE(decoder.feed(recording.body, events));
    TextChunkReader reader;
    for (const SseEvent& event : events) {
      if (event.data == "[DONE]") continue;
      ++all;
      auto chunk = read_text_chunk(event.data);
      auto again = reader.read(event.data);
      REQUIRE(again.has_value() == chunk.has_value());
      if (!chunk) continue;
      CHECK(again->content == chunk->content);
      CHECK(again->reasoning == chunk->reasoning);
      CHECK(again->finish_reason == chunk->finish_reason);
      ++quick;
      Json object = Json::parse(event.data);
      CHECK(chunk->model == string_or(object, "model"));
      CHECK_FALSE(object.contains("error"));
      if (!object["choices"].empty()) {
        const Json& choice = object["choices"][0];
        const Json* delta = find(choice, "delta");
        CHECK(chunk->content == (delta ? string_or(*delta, "content") : ""));
        CHECK(chunk->finish_reason == string_or(choice, "finish_reason"));
        CHECK((!delta || !delta->contains("tool_calls") || (*delta)["tool_calls"].is_null()));
      }
      CHECK((!object.contains("usage") || object["usage"].is_null()));
    }
  }
  CHECK(quick * 10 > all * 8);
  for (const char* odd :
       {R"({"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]})",
        R"({"choices":[{"index":1,"delta":{"content":"a"}}]})", R"({"error":{"message":"x"}})",
        R"({"error":"x","choices":[]})", R"({"choices":[{"delta":{"tool_calls":[]}}]})", R"({"usage":{}})",
        "[1]", "", "{", R"({"choices":[{"message":{"content":"x"}}]})",
        R"({"choices":[{"delta":{"content":["x"]}}]})", R"({"choices":[{"delta":{"refusal":"no"}}]})"}) {
    CAPTURE(odd);
    CHECK_FALSE(read_text_chunk(odd).has_value());
  }
}

TEST_CASE("a text chunk read by comparison with the one before is read as it stands") {
  auto chunk = [](std::string_view text) {
    return R"({"id":"x","model":"m","choices":[{"index":0,"delta":{"content":")" + std::string(text) +
           R"("},"finish_reason":null}]})";
  };
  for (const char* text : {"word", "", " ", R"(\"thought\": \"a\\nb\")", R"(\ud55c\uad6d)", "한국어 ✓",
                           R"(C:\\)", R"(tail\\)", R"(x"},"finish_reason":"stop)", R"(x","refusal":"no)",
                           "bad \xff byte", "line\nbreak", R"(\x)", "\"", R"("content":"y)", R"(odd\)"}) {
    CAPTURE(text);
    TextChunkReader reader;
    REQUIRE(reader.read(chunk("first")));
    auto slow = read_text_chunk(chunk(text));
    auto quick = reader.read(chunk(text));
    REQUIRE(quick.has_value() == slow.has_value());
    if (slow) CHECK(quick->content == slow->content);
    if (slow) CHECK(quick->finish_reason == slow->finish_reason);
  }
}

TEST_CASE("an error message is one line of at most 500 bytes, without markup") {
  auto said = [](std::string_view body) { return ProviderComplaint::read_text(body).message; };
  CHECK(said("<html>\n<head><title>502 Bad Gateway</title></head>\n<body><h1>502  Bad "
             "Gateway</h1></body></html>") == "502 Bad Gateway 502 Bad Gateway");
  CHECK(said("line one\n\n  line two\t end ") == "line one line two end");
  std::string large = said(R"({"error":{"message":")" + std::string(5000, 'x') + R"("}})");
  CHECK(large.size() <= 503);
  CHECK(said(R"({"detail":[{"loc":["body"],"msg":"field required"},{"msg":"too short"}]})") ==
        "field required; too short");
  CHECK(said(R"({"error":{"message":"Provider returned error","metadata":{"raw":"upstream busy"}}})") ==
        "Provider returned error (upstream busy)");
  CHECK(said(R"({"x":1})") == R"({"x":1})");
  std::string korean;
  for (int i = 0; i < 300; ++i) korean += "가";
  CHECK(parse_json("\"" + said(korean) + "\"").has_value());
}

TEST_CASE("statuses and words decide what kind of error it is") {
  auto error = [](int status, std::string_view body) {
    return complaint_error(ProviderComplaint::read_text(body), status);
  };
  CHECK(error(401, "{}").message.find("api_key") != std::string::npos);
  CHECK(error(403, "{}").message.find("api_key") != std::string::npos);
  CHECK(error(404, R"({"error":{"message":"The model `x` does not exist","code":"model_not_found"}})")
            .message.find("`model`") != std::string::npos);
  CHECK(error(404, "nginx").message.find("`base_url`") != std::string::npos);
  CHECK(error(308, "").message.find("base_url") != std::string::npos);
  for (int status : {408, 409, 429, 500, 502, 503, 504, 529}) CHECK(error(status, "{}").retryable);
  for (int status : {400, 401, 403, 404, 413, 422}) CHECK_FALSE(error(status, "{}").retryable);
  CHECK_FALSE(
      error(429, R"({"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}})")
          .retryable);
  CHECK(
      error(
          400,
          R"({"error":{"message":"This model's maximum context length is 4097 tokens.","code":"context_length_exceeded"}})")
          .code == ErrorCode::too_large);
  CHECK(
      error(
          400,
          R"({"error":{"message":"the request exceeds the available context size","type":"exceed_context_size_error"}})")
          .status == 400);
  CHECK(error(413, "{}").code == ErrorCode::too_large);
  CHECK(
      error(
          400,
          R"({"error":{"message":"Could not finish the message because max_tokens or model output limit was reached."}})")
          .code == ErrorCode::model);
  CHECK(error(429, R"({"error":{"message":"Too many tokens per minute"}})").code == ErrorCode::model);
}
