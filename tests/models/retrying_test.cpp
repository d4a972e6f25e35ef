#include "models/retrying.h"

#include "models/endpoint.h"
#include "models/retry_after.h"
#include "tests/models/call.h"
#include "tests/models/scripted_model.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

namespace {

class FixedRng final : public Rng {
 public:
  std::uint64_t value = 0;
  std::uint64_t next() override { return value; }
};

struct Fixture : Caller {
  std::shared_ptr<ScriptedModel> script = std::make_shared<ScriptedModel>();
  FixedRng rng;
  RetryPolicy quick{.retries = 3, .first = 2ms, .longest = 4ms};

  Result<ModelReply> run(Deadline deadline = {}) {
    Retrying model(script, quick, rng);
    return call(model, request_of({user("hi")}), deadline);
  }
};

}  // namespace

TEST_CASE("a call that fails for a passing reason is made again, and each retry is a warning") {
  Fixture f;
  f.script->fails(busy());
  f.script->fails(Error{ErrorCode::network, "connection reset", true});
  f.script->says("hello");
  auto reply = f.run();
  REQUIRE(reply.has_value());
  CHECK(reply->text == "hello");
  CHECK(f.sink.text == "hello");
  CHECK(f.script->calls == 3);
  REQUIRE(f.events.events.size() == 2);
  for (const Event& event : f.events.events) {
    CHECK(event.type == "warning");
    CHECK(event.fields["code"] == "model_retry");
  }
  std::string text = f.events.events[0].fields["text"];
  CHECK(text.find("HTTP 429: slow down") != std::string::npos);
  CHECK(text.find("attempt 2 of 4") != std::string::npos);
}

TEST_CASE("there are at most 1 + retries attempts, and the error says how many") {
  Fixture f;
  for (int i = 0; i < 10; ++i) f.script->fails(busy());
  auto reply = f.run();
  CHECK(f.script->calls == 4);
  CHECK(reply.error().status == 429);
  CHECK(reply.error().message == "HTTP 429: slow down (after 4 attempts)");
}

TEST_CASE("no retries configured means one attempt") {
  Fixture f;
  f.quick.retries = 0;
  f.script->fails(busy());
  CHECK(f.run().error().message == "HTTP 429: slow down");
  CHECK(f.script->calls == 1);
  CHECK(f.events.events.empty());
}

TEST_CASE("a lasting failure is not tried again") {
  Fixture f;
  f.script->fails(Error{ErrorCode::model, "HTTP 401: no", false});
  CHECK(f.run().error().message == "HTTP 401: no");
  CHECK(f.script->calls == 1);
}

TEST_CASE("once a token was forwarded a call is never repeated") {
  Fixture f;
  f.script->fails(busy("broken off"), {"Hel"});
  auto reply = f.run();
  CHECK(reply.error().message == "broken off");
  CHECK(reply.error().retryable);
  CHECK(f.script->calls == 1);
  CHECK(f.sink.text == "Hel");
}

TEST_CASE("a wait that would pass the deadline is not begun") {
  Fixture f;
  Error slow = busy();
  slow.retry_after = 30s;
  f.script->fails(slow);
  Instant before = f.clock.now();
  auto reply = f.run(Deadline::after(f.clock, 5s));
  CHECK(reply.error().message.find("deadline") != std::string::npos);
  CHECK(f.script->calls == 1);
  CHECK(f.clock.now() - before < 4s);
}

TEST_CASE("a stop ends the wait at once") {
  Fixture f;
  Error slow = busy();
  slow.retry_after = 20s;
  f.script->fails(slow);
  auto alarm = f.loop.at(f.clock.now() + 5ms, [&] { f.stop.request(StopReason::cancelled); });
  Instant before = f.clock.now();
  auto reply = f.run();
  CHECK(reply.error().code == ErrorCode::cancelled);
  CHECK(f.clock.now() - before < 5s);
  CHECK(f.script->calls == 1);
}

TEST_CASE("what the server asks for is waited for, with a little spread") {
  Fixture f;
  Error asked = busy();
  asked.retry_after = 30ms;
  f.script->fails(asked);
  f.script->says("ok");
  REQUIRE(f.run().has_value());
  CHECK(f.script->at[1] - f.script->at[0] >= 30ms);

  RetryPolicy policy;
  asked.retry_after = 20s;
  CHECK(policy.wait(asked, 2, 0) == 20s);
  CHECK(*policy.wait(asked, 2, ~0ull) <= 21s);
  asked.retry_after = 61s;
  CHECK_FALSE(policy.wait(asked, 2, 0).has_value());
}

TEST_CASE("the pauses double from half a second to eight, each half to all of its step") {
  RetryPolicy policy{.retries = 20};
  Error error = busy();
  for (auto [attempt, step] :
       {std::pair{2, 500ms}, {3, 1000ms}, {4, 2000ms}, {5, 4000ms}, {6, 8000ms}, {7, 8000ms}, {20, 8000ms}}) {
    CHECK(*policy.wait(error, attempt, 0) == step / 2);
    CHECK(*policy.wait(error, attempt, ~0ull) <= step);
    CHECK(*policy.wait(error, attempt, ~0ull) >= step - 1ms);
  }
  CHECK_FALSE(policy.wait(error, 22, 0).has_value());
}

TEST_CASE("a server's request to wait is read in all its forms") {
  const std::int64_t now = 784111777000;  // Sun, 06 Nov 1994 08:49:37 GMT
  auto wait = [&](net::Headers headers, std::string_view message = "") {
    net::HttpHead head;
    head.headers = std::move(headers);
    return retry_after(head, message, now);
  };
  CHECK(wait({{"retry-after", "3"}}) == 3s);
  CHECK(wait({{"retry-after", " 1.5 "}}) == 1500ms);
  CHECK(wait({{"retry-after-ms", "250"}, {"retry-after", "9"}}) == 250ms);
  CHECK(wait({{"retry-after", "Sun, 06 Nov 1994 08:50:07 GMT"}}) == 30s);
  CHECK(wait({{"retry-after", "Sun, 06 Nov 1994 08:00:00 GMT"}}) == 0ms);
  CHECK(wait({{"retry-after", "99999999999999999999"}}) == 7 * 24h);
  for (const char* bad :
       {"", "soon", "-3", "nan", "3s", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 PST"}) {
    CAPTURE(bad);
    CHECK_FALSE(wait({{"retry-after", bad}}).has_value());
  }
  CHECK(wait({}, "Rate limit is exceeded. Try again in 3 seconds.") == 3s);
  CHECK(wait({}, "Please try again in 20ms. Visit …") == 20ms);
  CHECK(wait({}, "Please try again in 1m6.5s.") == 66500ms);
  CHECK(wait({}, "try again in a while") == std::nullopt);
  CHECK(wait({}, "HTTP 503") == std::nullopt);
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == now);
}

TEST_CASE("the endpoint is found whatever base_url looks like") {
  auto at = [](std::string_view base) { return endpoint(base, "/v1", "/chat/completions"); };
  CHECK(at("https://api.openai.com/v1") == "https://api.openai.com/v1/chat/completions");
  CHECK(at("https://api.openai.com/v1/") == "https://api.openai.com/v1/chat/completions");
  CHECK(at("http://127.0.0.1:11434") == "http://127.0.0.1:11434/v1/chat/completions");
  CHECK(at("http://127.0.0.1:11434/") == "http://127.0.0.1:11434/v1/chat/completions");
  CHECK(at("https://api.groq.com/openai/v1") == "https://api.groq.com/openai/v1/chat/completions");
  CHECK(at("https://x.openai.azure.com/openai/deployments/d?api-version=2024-12-01") ==
        "https://x.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-12-01");
  CHECK(at("https://api.perplexity.ai/chat/completions") == "https://api.perplexity.ai/chat/completions");
  CHECK(at("https://h/v1#x") == "https://h/v1/chat/completions");
  CHECK(shown_url("https://user:secret@h:8/v1/x?key=secret#y") == "https://h:8/v1/x");
  CHECK(shown_url("https://h/a@b") == "https://h/a@b");
}
