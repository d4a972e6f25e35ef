#include "tests/models/dialects.h"

#include "models/providers/anthropic_reply.h"
#include "models/providers/gemini_reply.h"
#include "models/providers/ollama_reply.h"
#include "models/providers/openai_reply.h"

#include <algorithm>
#include <stdexcept>

namespace troupe::models::testing {

namespace {

std::string quoted(const std::string& text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

std::string openai_error(const std::string& message) {
  return R"({"error":{"message":)" + quoted(message) + R"(,"type":"server_error"}})";
}

Dialect openai() {
  return {
      .provider = "openai",
      .fixture = "recordings/openai_chat.jsonl.gz",
      .path = "/v1/chat/completions",
      .reader = [](std::size_t bytes_max) { return std::make_unique<OpenAiReply>(bytes_max); },
      .content_type = "text/event-stream",
      .opening = "",
      .text =
          [](const std::string& text) {
            return event(R"({"model":"m","choices":[{"delta":{"content":)" + quoted(text) + "}}]}");
          },
      .end = event(R"({"choices":[{"delta":{},"finish_reason":"stop"}]})") +
             event(R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}})") + event("[DONE]"),
      .whole =
          R"({"model":"m","choices":[{"message":{"content":"Hello there"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})",
      .no_reply = "no choices",
      .error = openai_error,
      .error_event = [](const std::string& message) { return event(openai_error(message)); },
  };
}

std::string anthropic_error(const std::string& message) {
  return R"({"type":"error","error":{"type":"overloaded_error","message":)" + quoted(message) + "}}";
}

Dialect anthropic() {
  const auto named = [](const std::string& name, const std::string& data) {
    return "event: " + name + "\n" + event(data);
  };
  return {
      .provider = "anthropic",
      .fixture = "recordings/anthropic.jsonl.gz",
      .path = "/v1/messages",
      .reader = [](std::size_t bytes_max) { return std::make_unique<AnthropicReply>(bytes_max); },
      .content_type = "text/event-stream; charset=utf-8",
      .opening =
          named(
              "message_start",
              R"({"type":"message_start","message":{"model":"m","content":[],"usage":{"input_tokens":1,"cache_creation_input_tokens":1,"cache_read_input_tokens":1,"output_tokens":1}}})") +
          named("content_block_start",
                R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})") +
          named("ping", R"({"type":"ping"})"),
      .text =
          [named](const std::string& text) {
            return named("content_block_delta",
                         R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":)" +
                             quoted(text) + "}}");
          },
      .end =
          named("content_block_stop", R"({"type":"content_block_stop","index":0})") +
          named(
              "message_delta",
              R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}})") +
          named("message_stop", R"({"type":"message_stop"})"),
      .whole =
          R"({"type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"Hello there"}],"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":2}})",
      .no_reply = "no content",
      .error = anthropic_error,
      .error_event = [named](const std::string& message) { return named("error", anthropic_error(message)); },
  };
}

std::string gemini_error(const std::string& message) {
  return R"({"error":{"code":503,"status":"UNAVAILABLE","message":)" + quoted(message) + "}}";
}

Dialect gemini() {
  return {
      .provider = "gemini",
      .fixture = "recordings/gemini.jsonl.gz",
      .path = "/v1beta/models/m:streamGenerateContent",
      .reader = [](std::size_t bytes_max) { return std::make_unique<GeminiReply>(bytes_max); },
      .content_type = "text/event-stream",
      .opening = "",
      .text =
          [](const std::string& text) {
            return event(R"({"candidates":[{"content":{"parts":[{"text":)" + quoted(text) +
                         R"(}],"role":"model"}}],"modelVersion":"m"})");
          },
      .end = event(
          R"({"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":1,"thoughtsTokenCount":1},"modelVersion":"m"})"),
      .whole =
          R"({"candidates":[{"content":{"parts":[{"text":"Hello there"}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2},"modelVersion":"m"})",
      .no_reply = "no candidates",
      .error = gemini_error,
      .error_event = [](const std::string& message) { return event(gemini_error(message)); },
  };
}

std::string ollama_error(const std::string& message) {
  return R"({"error":)" + quoted(message) + "}";
}

Dialect ollama() {
  return {
      .provider = "ollama",
      .fixture = "recordings/ollama.jsonl.gz",
      .path = "/api/chat",
      .reader = [](std::size_t bytes_max) { return std::make_unique<OllamaReply>(bytes_max); },
      .content_type = "application/x-ndjson",
      .opening = "",
      .text =
          [](const std::string& text) {
            return R"({"model":"m","message":{"role":"assistant","content":)" + quoted(text) +
                   "},\"done\":false}\n";
          },
      .end =
          R"({"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2})"
          "\n",
      .whole =
          R"({"model":"m","message":{"role":"assistant","content":"Hello there"},"done":true,"done_reason":"stop","prompt_eval_count":3,"eval_count":2})",
      .no_reply = "no message",
      .error = ollama_error,
      .error_event = [](const std::string& message) { return ollama_error(message) + "\n"; },
  };
}

Dialect huggingface() {
  Dialect dialect = openai();
  dialect.provider = "huggingface";
  dialect.fixture = "recordings/tgi.jsonl.gz";
  return dialect;
}

}  // namespace

const std::vector<Dialect>& dialects() {
  static const std::vector<Dialect> kDialects = {openai(), anthropic(), gemini(), ollama(), huggingface()};
  return kDialects;
}

const Dialect& dialect(const std::string& provider) {
  auto known = std::ranges::find(dialects(), provider, &Dialect::provider);
  if (known == dialects().end()) throw std::invalid_argument("no dialect " + provider);
  return *known;
}

ModelSettings entry_of(const std::string& provider, std::string base_url) {
  ModelSettings settings;
  settings.name = "main";
  settings.provider = provider;
  settings.model = "m";
  settings.base_url = std::move(base_url);
  settings.retries = 0;
  return settings;
}

}  // namespace troupe::models::testing
