#include "bench/mock_model/wire.h"

#include <charconv>

#include <fmt/format.h>

namespace troupe::bench {

namespace {

constexpr std::size_t kPromptTokens = 900;  // about what the bench's agent sends

std::string quoted(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::size_t content_length(std::string_view head) {
  for (std::string_view name : {"\r\nContent-Length:", "\r\ncontent-length:"}) {
    const auto at = head.find(name);
    if (at == std::string_view::npos) continue;
    const char* begin = head.data() + at + name.size();
    while (*begin == ' ') ++begin;
    std::size_t length = 0;
    std::from_chars(begin, head.data() + head.size(), length);
    return length;
  }
  return 0;
}

std::string chunk(std::string_view data) {
  return fmt::format("{:x}\r\n{}\r\n", data.size(), data);
}

std::string event(std::string_view json) {
  return chunk(fmt::format("data: {}\n\n", json));
}

std::string usage(std::string_view reply) {
  const auto output = reply.size() / 4;
  return fmt::format(R"("usage":{{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{}}})",
                     kPromptTokens, output, kPromptTokens + output);
}

constexpr std::string_view kChunk =
    R"({"id":"chatcmpl-mock","object":"chat.completion.chunk","created":1,"model":"mock",)";

}  // namespace

Request read_request(std::string_view buffer) {
  Request request;
  const auto head_end = buffer.find("\r\n\r\n");
  if (head_end == std::string_view::npos) return request;
  const auto head = buffer.substr(0, head_end + 2);
  const auto length = content_length(head);
  if (buffer.size() < head_end + 4 + length) return request;
  request.bytes = head_end + 4 + length;
  const auto space = head.find(' ');
  request.target = head.substr(space + 1, head.find(' ', space + 1) - space - 1);
  request.body = buffer.substr(head_end + 4, length);
  // Clients write it at the end or the start of the body; in between stands the conversation, which may be
  // long.
  request.stream = request.body.rfind("\"stream\":true") != std::string_view::npos ||
                   request.body.rfind("\"stream\": true") != std::string_view::npos;
  return request;
}

std::string plain_response(std::string_view reply) {
  const auto body = fmt::format(
      R"({{"id":"chatcmpl-mock","object":"chat.completion","created":1,"model":"mock","choices":[{{"index":0,)"
      R"("message":{{"role":"assistant","content":"{}"}},"finish_reason":"stop"}}],{}}})",
      quoted(reply), usage(reply));
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
                     body.size(), body);
}

StreamedResponse streamed_response(std::string_view reply, std::size_t token_bytes) {
  StreamedResponse response;
  response.head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < reply.size(); at += token_bytes) {
    response.tokens.push_back(
        event(fmt::format(R"({}"choices":[{{"index":0,"delta":{{"content":"{}"}},"finish_reason":null}}]}})",
                          kChunk, quoted(reply.substr(at, token_bytes)))));
  }
  response.tail =
      event(fmt::format(R"({}"choices":[{{"index":0,"delta":{{}},"finish_reason":"stop"}}]}})", kChunk)) +
      event(fmt::format(R"({}"choices":[],{}}})", kChunk, usage(reply))) + chunk("data: [DONE]\n\n") +
      "0\r\n\r\n";
  return response;
}

std::string not_found_response() {
  constexpr std::string_view kBody =
      R"({"error":{"message":"the mock model serves POST /v1/chat/completions","type":"not_found"}})";
  return fmt::format(
      "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
      kBody.size(), kBody);
}

}  // namespace troupe::bench
