#include "tests/models/recordings.h"

#include "tests/fakes/fixtures.h"

#include <doctest/doctest.h>

namespace troupe::models::testing {

std::vector<Json> json_lines(const std::string& fixture) {
  std::string text = fakes::read_fixture(fixture);
  std::vector<Json> lines;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) lines.push_back(Json::parse(text.substr(at, end - at)));
    at = end + 1;
  }
  return lines;
}

const std::vector<Recording>& recordings(const std::string& fixture) {
  static std::map<std::string, std::vector<Recording>> known;
  auto [place, first] = known.try_emplace(fixture);
  if (!first) return place->second;
  for (const Json& line : json_lines(fixture)) {
    Recording recording{.id = line["id"],
                        .provider = line["provider"],
                        .form = line["form"],
                        .status = line["status"],
                        .body = line["body"]};
    if (const Json* request = find(line, "request")) recording.request = *request;
    if (const Json* expected = find(line, "expected")) recording.expected = *expected;
    if (const Json* headers = find(line, "headers"))
      for (const auto& [name, value] : headers->items())
        if (value.is_string() && name.starts_with("retry")) recording.headers[name] = value;
    place->second.push_back(std::move(recording));
  }
  return place->second;
}

const std::vector<Recording>& recordings() {
  return recordings("recordings/openai_chat.jsonl.gz");
}

namespace {

// Arguments that were recorded as text must come as the same text, others as the same value.
void check_call(const Json& expected, const ToolCall& call) {
  if (expected["id"].is_string()) CHECK(call.id == expected["id"].get<std::string>());
  CHECK(call.name == expected["name"].get<std::string>());
  if (const Json* input = find(expected, "input"))
    CHECK(Json::parse(call.arguments) == *input);
  else
    CHECK(call.arguments == expected["arguments"].get<std::string>());
}

}  // namespace

void check_reply(const Recording& recording, const ModelReply& reply) {
  CAPTURE(recording.id);
  const Json& expected = recording.expected;
  CHECK(reply.text == expected["text"].get<std::string>());
  CHECK(reply.reasoning == expected["reasoning"].get<std::string>());
  CHECK(reply.model == expected["model"].get<std::string>());
  CHECK(word(reply.finish) == expected["finish"].get<std::string>());
  REQUIRE(reply.tool_calls.size() == expected["tool_calls"].size());
  for (std::size_t i = 0; i < reply.tool_calls.size(); ++i)
    check_call(expected["tool_calls"][i], reply.tool_calls[i]);
  if (const Json* usage = find(expected, "usage")) {
    CHECK(reply.usage.input_tokens == (*usage)["input_tokens"].get<std::int64_t>());
    CHECK(reply.usage.output_tokens == (*usage)["output_tokens"].get<std::int64_t>());
    CHECK(reply.usage.cached_tokens == (*usage)["cached_tokens"].get<std::int64_t>());
  }
}

}  // namespace troupe::models::testing
