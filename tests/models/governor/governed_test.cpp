#include "models/governor/governed.h"

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
    auto governor =
        std::make_shared<Governor>("openai at http://h", GovernorRules{.pauses = quick}, loop, rng);
    Governed model(script, governor, quick, 0, rng);
    auto reply = call(model, request_of({user("hi")}), deadline);
    CHECK(governor->at_work() == 0);
    CHECK(governor->waiting() == 0);
    return reply;
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
}

TEST_CASE("an unlimited governor whose endpoint is well lets every call pass at once") {
  Fixture f;
  f.script->says("a");
  REQUIRE(f.run().has_value());
  CHECK(f.events.events.empty());
  CHECK(f.script->at.size() == 1);
}
