#include "models/token_counter.h"

#include "models/token_estimate.h"
#include "tests/models/recordings.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

ModelSettings entry(std::string provider, std::string model) {
  return {.name = "m", .provider = std::move(provider), .model = std::move(model)};
}

TokenCounter ready_counter(const std::string& model) {
  TokenCounter counter(entry("openai", model));
  (void)tokens::Encoding::get(*encoding_for(entry("openai", model)));
  REQUIRE(counter.exact());
  return counter;
}

Role role_named(const std::string& name) {
  if (name == "system" || name == "developer") return Role::system;
  if (name == "assistant") return Role::assistant;
  return name == "tool" ? Role::tool : Role::user;
}

// A recorded request's messages; nothing where it has what is counted by other rules (pictures, sound).
std::optional<std::vector<Message>> messages_of(const Json& request) {
  std::vector<Message> messages;
  for (const Json& one : request["messages"]) {
    Message message{.role = role_named(string_or(one, "role"))};
    if (const Json* content = find(one, "content"); content && content->is_string()) {
      message.content = content->get<std::string>();
    } else if (content && content->is_array()) {
      for (const Json& part : *content) {
        if (string_or(part, "type") != "text") return std::nullopt;
        message.content += string_or(part, "text");
      }
    }
    if (const Json* calls = find(one, "tool_calls"); calls && calls->is_array())
      for (const Json& call : *calls)
        message.tool_calls.push_back(
            {"", string_or(call["function"], "name"), string_or(call["function"], "arguments")});
    messages.push_back(std::move(message));
  }
  return messages;
}

std::vector<ToolDeclaration> tools_of(const Json& request) {
  std::vector<ToolDeclaration> tools;
  if (const Json* list = find(request, "tools"); list && list->is_array())
    for (const Json& tool : *list) {
      const Json* parameters = find(tool["function"], "parameters");
      tools.push_back({string_or(tool["function"], "name"), string_or(tool["function"], "description"),
                       parameters ? dump(*parameters) : "{}"});
    }
  return tools;
}

/// A request of OpenAI's own models, with what it was reported to have.
struct Reported {
  std::string id;
  std::int64_t reported = 0;
  std::int64_t counted = 0;
  bool with_tools = false;
};

std::vector<Reported> reported_requests() {
  std::vector<Reported> all;
  for (const Recording& recording : recordings()) {
    const bool own = recording.provider == "openai" || recording.provider == "azure-openai";
    if (!own || recording.status != 200 || !find(recording.request, "messages")) continue;
    if (find(recording.request, "response_format")) continue;  // the schema in it is counted, too
    const std::string model = string_or(recording.request, "model", string_or(recording.expected, "model"));
    const Json* usage = find(recording.expected, "usage");
    if (!usage || !encoding_for(entry("openai", model))) continue;
    auto messages = messages_of(recording.request);
    if (!messages) continue;
    const TokenCounter counter = ready_counter(model);
    const auto tools = tools_of(recording.request);
    Reported one{.id = recording.id, .with_tools = !tools.empty()};
    for (std::string_view key : {"input_tokens", "prompt_tokens", "input"})
      if (const Json* value = find(*usage, key); value && value->is_number_integer())
        one.reported = value->get<std::int64_t>();
    if (one.reported == 0) continue;
    one.counted = counter.beside(tools);
    for (const Message& message : *messages) one.counted += counter.message(message);
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace

TEST_CASE("recorded requests without tools have the tokens that OpenAI reported, give or take one") {
  int checked = 0;
  for (const Reported& one : reported_requests()) {
    if (one.with_tools) continue;
    INFO(one.id);
    CHECK(std::abs(one.counted - one.reported) <= 1);
    ++checked;
  }
  MESSAGE(checked, " requests");
  CHECK(checked >= 5);
}

TEST_CASE("recorded requests with tools are counted to within what nobody documents") {
  int checked = 0, close = 0;
  for (const Reported& one : reported_requests()) {
    if (!one.with_tools) continue;
    INFO(one.id, " reported ", one.reported, " counted ", one.counted);
    const auto off = std::abs(one.counted - one.reported);
    CHECK(off <= 25);
    close += off <= 12;
    ++checked;
  }
  MESSAGE(close, " of ", checked, " requests with tools within 12 tokens, all within 25");
  CHECK(checked >= 20);
  CHECK(close >= 14);
}

TEST_CASE("only models of OpenAI's own are counted by its encodings") {
  CHECK(encoding_for(entry("openai", "gpt-4o-mini")) == tokens::EncodingName::o200k_base);
  CHECK(encoding_for(entry("openai", "openai/gpt-4o")) == tokens::EncodingName::o200k_base);
  CHECK(encoding_for(entry("openai", "gpt-3.5-turbo")) == tokens::EncodingName::cl100k_base);
  CHECK_FALSE(encoding_for(entry("openai", "qwen3:8b")));
  CHECK_FALSE(encoding_for(entry("openai", "gpt-oss:20b")));
  CHECK_FALSE(encoding_for(entry("huggingface", "openai/gpt-4o")));
  CHECK_FALSE(encoding_for(entry("ollama", "gpt-4o")));
}

TEST_CASE("an encoding is made beside the loop, and until then there is an estimate") {
  const TokenCounter counter(entry("openai", "gpt-4o"));
  const std::string text = "The quick brown fox jumps over the lazy dog.";
  while (!counter.exact()) {
    CHECK(counter.text(text) > 0);
    std::this_thread::yield();
  }
  CHECK(counter.text(text) ==
        static_cast<std::int64_t>(tokens::Encoding::get(tokens::EncodingName::o200k_base).count(text)));
}

TEST_CASE("a long text is counted at its beginning, and taken to go on alike") {
  const TokenCounter counter = ready_counter("gpt-4o");
  std::string text;
  while (text.size() < 500'000) text += "Alpha beta gamma, delta; 한국어 텍스트. ";
  const auto whole = static_cast<double>(tokens::Encoding::get(tokens::EncodingName::o200k_base).count(text));
  CHECK(std::abs(static_cast<double>(counter.text(text)) - whole) < whole / 50);
}

TEST_CASE("an estimate is corrected by what was reported, smoothly and within bounds") {
  TokenCounter counter(entry("anthropic", "claude"));
  CHECK(counter.corrected(1'000) == 1'000);
  counter.learn(1'000, 1'500);
  CHECK(counter.ratio() > 1);
  CHECK(counter.ratio() < 1.5);
  for (int i = 0; i < 40; ++i) counter.learn(1'000, 1'500);
  CHECK(counter.corrected(1'000) >= 1'490);
  CHECK(counter.corrected(1'000) <= 1'500);
  for (int i = 0; i < 100; ++i) counter.learn(1'000, 1'000'000);
  CHECK(counter.ratio() <= 2);
  for (int i = 0; i < 100; ++i) counter.learn(1'000'000, 1);
  CHECK(counter.ratio() >= 0.5);
}

TEST_CASE("small requests, and reports of nothing, teach nothing") {
  TokenCounter counter(entry("ollama", "llama"));
  counter.learn(10, 500);
  counter.learn(1'000, 0);
  counter.learn(1'000, -7);
  CHECK(counter.ratio() == 1);
}

TEST_CASE("what is counted exactly is not corrected") {
  TokenCounter counter = ready_counter("gpt-4o");
  counter.learn(1'000, 2'000);
  CHECK(counter.ratio() == 1);
}
