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

const std::vector<Recording>& recordings() {
  static const std::vector<Recording> kRecordings = [] {
    std::vector<Recording> all;
    for (const Json& line : json_lines("recordings/openai_chat.jsonl.gz")) {
      Recording recording{.id = line["id"],
                          .provider = line["provider"],
                          .form = line["form"],
                          .status = line["status"],
                          .body = line["body"]};
      if (const Json* request = find(line, "request")) recording.request = *request;
      if (const Json* expected = find(line, "expected")) recording.expected = *expected;
      all.push_back(std::move(recording));
    }
    return all;
  }();
  return kRecordings;
}

void check_reply(const Recording& recording, const ModelReply& reply) {
  CAPTURE(recording.id);
  const Json& expected = recording.expected;
  CHECK(reply.text == expected["text"].get<std::string>());
  CHECK(reply.reasoning == expected["reasoning"].get<std::string>());
  CHECK(reply.model == expected["model"].get<std::string>());
  CHECK(word(reply.finish) == expected["finish"].get<std::string>());
  REQUIRE(reply.tool_calls.size() == expected["tool_calls"].size());
  for (std::size_t i = 0; i < reply.tool_calls.size(); ++i) {
    CHECK(reply.tool_calls[i].id == expected["tool_calls"][i]["id"].get<std::string>());
    CHECK(reply.tool_calls[i].name == expected["tool_calls"][i]["name"].get<std::string>());
    CHECK(reply.tool_calls[i].arguments == expected["tool_calls"][i]["arguments"].get<std::string>());
  }
  if (const Json* usage = find(expected, "usage")) {
    CHECK(reply.usage.input_tokens == (*usage)["input_tokens"].get<std::int64_t>());
    CHECK(reply.usage.output_tokens == (*usage)["output_tokens"].get<std::int64_t>());
    CHECK(reply.usage.cached_tokens == (*usage)["cached_tokens"].get<std::int64_t>());
  }
}

}  // namespace troupe::models::testing
