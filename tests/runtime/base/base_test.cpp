#include "runtime/base/clock.h"
#include "runtime/base/event.h"
#include "runtime/base/ids.h"
#include "runtime/base/json.h"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("wall time is written as RFC 3339 with milliseconds, also before 1970") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(1795167000012) == "2026-11-20T09:30:00.012Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("ids sort by the time they were made and do not repeat") {
  SystemRng rng;
  CHECK(make_id("r_", 1000, rng) < make_id("r_", 2000, rng));
  CHECK(make_id("r_", 1000, rng) != make_id("r_", 1000, rng));
  CHECK(make_id("r_", 1795167000012, rng).size() == 20);
}

TEST_CASE("JSON from outside is refused with a reason: duplicate keys, depth, size, rubbish") {
  CHECK(parse_json(R"({"a":1,"b":{"a":2}})").has_value());
  CHECK(parse_json(R"({"a":1,"a":2})").error().message == "duplicate key `a`");
  CHECK(parse_json(std::string(100, '[') + std::string(100, ']')).error().message ==
        "nested deeper than 64 levels");
  CHECK(parse_json(std::string(100, ' '), 64, 50).error().code == ErrorCode::too_large);
  CHECK(parse_json(R"({"a":)").error().message.starts_with("offset "));
  CHECK_FALSE(parse_json("\"\xff\"").has_value());
  CHECK_FALSE(parse_json("").has_value());
  std::string wide = "{";
  for (int i = 0; i < 20'000; ++i) wide += "\"k" + std::to_string(i) + "\":1,";
  CHECK(parse_json(wide + "\"last\":1}").error().message == "an object has more than 1024 members");
}

TEST_CASE("dump never throws on invalid UTF-8") {
  CHECK(dump(Json{{"a", "x\xffy"}}) == "{\"a\":\"x\xef\xbf\xbdy\"}");
  std::string out;
  append_quoted(out, "plain");
  append_quoted(out, "q\"\n\xff");
  CHECK(out == "\"plain\"\"q\\\"\\n\xef\xbf\xbd\"");
}

TEST_CASE("an event is rendered with its envelope first and its own fields after") {
  Event event{.type = "thought", .session = "s_1", .run = "r_1", .agent = "hello", .step = 2};
  event.fields["text"] = "hm \"x\"";
  CHECK(
      render(event, 7, 0) ==
      R"({"type":"thought","seq":7,"ts":"1970-01-01T00:00:00.000Z","session":"s_1","run":"r_1","agent":"hello","step":2,"text":"hm \"x\""})");
  Event bare{.type = "pong"};
  CHECK(render(bare, 0, 0) == R"({"type":"pong","ts":"1970-01-01T00:00:00.000Z"})");
}
