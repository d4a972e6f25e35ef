#include "models/cache/reply_text.h"

#include "tests/models/dialects.h"
#include "tests/models/recordings.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

void check_same(const ModelReply& a, const ModelReply& b) {
  CHECK(a.text == b.text);
  CHECK(a.reasoning == b.reasoning);
  CHECK(a.finish == b.finish);
  CHECK(a.model == b.model);
  CHECK(a.provider_state == b.provider_state);
  CHECK(a.usage.input_tokens == b.usage.input_tokens);
  CHECK(a.usage.output_tokens == b.usage.output_tokens);
  CHECK(a.usage.cached_tokens == b.usage.cached_tokens);
  CHECK(a.usage.cache_write_tokens == b.usage.cache_write_tokens);
  CHECK(a.usage.estimated == b.usage.estimated);
  REQUIRE(a.tool_calls.size() == b.tool_calls.size());
  for (std::size_t i = 0; i < a.tool_calls.size(); ++i) {
    CHECK(a.tool_calls[i].id == b.tool_calls[i].id);
    CHECK(a.tool_calls[i].name == b.tool_calls[i].name);
    CHECK(a.tool_calls[i].arguments == b.tool_calls[i].arguments);
  }
}

ModelReply full() {
  ModelReply reply;
  reply.text = std::string("3:a\0\xff 한", 9);
  reply.reasoning = "because";
  reply.tool_calls = {{"c_1", "f", "{\"x\": 1}"}, {"", "g", ""}};
  reply.finish = FinishReason::tool_calls;
  reply.usage = {10, 5, 3, 2, true};
  reply.model = "m-1";
  reply.provider_state = "[{\"type\":\"thinking\",\"signature\":\"…\"}]";
  return reply;
}

}  // namespace

TEST_CASE("a reply comes out of its text as it went in") {
  auto back = reply_from_text(reply_to_text(full()));
  REQUIRE(back.has_value());
  check_same(full(), *back);
  back = reply_from_text(reply_to_text(ModelReply{}));
  REQUIRE(back.has_value());
  check_same(ModelReply{}, *back);
}

TEST_CASE("every recorded reply of every provider comes out of its text as it went in") {
  std::size_t replies = 0, states = 0, calls = 0, thoughts = 0;
  for (const Dialect& dialect : dialects())
    for (const Recording& recording : recordings(dialect.fixture)) {
      if (recording.status != 200) continue;
      auto reader = dialect.reader(64u << 20);
      std::vector<ReplyDelta> deltas;
      if (!reader->feed(recording.body, deltas)) continue;
      auto reply = reader->finish(deltas);
      if (!reply) continue;
      CAPTURE(recording.id);
      auto back = reply_from_text(reply_to_text(*reply));
      REQUIRE(back.has_value());
      check_same(*reply, *back);
      ++replies;
      states += reply->provider_state.empty() ? 0 : 1;
      calls += reply->tool_calls.empty() ? 0 : 1;
      thoughts += reply->reasoning.empty() ? 0 : 1;
    }
  CHECK(replies > 300);
  CHECK(states > 10);
  CHECK(calls > 100);
  CHECK(thoughts > 50);
}

TEST_CASE("half a text, more than one, or something else is no reply") {
  const std::string text = reply_to_text(full());
  for (std::size_t size = 0; size < text.size(); ++size) CHECK_FALSE(reply_from_text(text.substr(0, size)));
  CHECK_FALSE(reply_from_text(text + "0:"));
  CHECK_FALSE(reply_from_text("{\"text\":\"hi\"}"));
  CHECK_FALSE(reply_from_text("1:99999999999999999999:"));
  CHECK_FALSE(reply_from_text("1:-1:"));
  CHECK_FALSE(reply_from_text("2" + text.substr(1)));
}
