#include "models/governor/governor.h"

#include "models/governor/governed.h"
#include "tests/models/governor/crowd.h"
#include "tests/models/scripted_model.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

namespace {

constexpr RetryPolicy kQuick{.retries = 3, .first = 4ms, .longest = 16ms};

Error cut() {
  return {ErrorCode::network, "model x: the connection was cut", true};
}

struct Fixture {
  explicit Fixture(GovernorRules with = {}) : rules(with) {
    rules.pauses = kQuick;
    governor = std::make_shared<Governor>("openai at http://h/v1", rules, loop, rng);
  }

  Governed over(std::shared_ptr<Model> model, RetryPolicy policy = kQuick) {
    return {std::move(model), governor, policy, 0, rng};
  }
  void check_empty() {
    CHECK(governor->at_work() == 0);
    CHECK(governor->waiting() == 0);
  }

  SystemClock clock;
  Loop loop{clock};
  SystemRng rng;
  GovernorRules rules;
  std::shared_ptr<Governor> governor;
  std::shared_ptr<HeldModel> held = std::make_shared<HeldModel>();
  std::shared_ptr<ScriptedModel> script = std::make_shared<ScriptedModel>();
};

}  // namespace

TEST_CASE("no more calls are at work than the cap allows, and all are served in the end") {
  Fixture f({.concurrency = 4});
  Governed model = f.over(f.held);
  Crowd crowd(f.loop);
  for (int i = 0; i < 20; ++i) crowd.start(model);
  REQUIRE(crowd.until([&] { return f.held->held() == 4 && f.governor->waiting() == 16; }));
  while (crowd.ended() < 20) {
    REQUIRE(crowd.until([&] { return f.held->held() > 0; }));
    f.held->let_one_go();
    const std::size_t ended = crowd.ended();
    REQUIRE(crowd.until([&] { return crowd.ended() > ended; }));
  }
  CHECK(f.held->most == 4);
  f.check_empty();
}

TEST_CASE("one tenant's hundred calls do not keep another's one call waiting") {
  Fixture f({.concurrency = 1});
  Governed model = f.over(f.held);
  Crowd crowd(f.loop);
  for (int i = 0; i < 50; ++i) crowd.start(model, "many", "A");
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 49; }));
  Crowd::Call& one = crowd.start(model, "one", "B");
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 50; }));
  for (int i = 0; i < 3; ++i) {
    f.held->let_one_go();
    REQUIRE(crowd.until([&] { return f.held->came.size() == static_cast<std::size_t>(i) + 2; }));
  }
  CHECK(f.held->came == std::vector<std::string>{"many", "many", "one", "many"});
  CHECK(one.result.has_value());
}

TEST_CASE("a team's five hundred calls, each of a run of its own, do not keep another's one call waiting") {
  Fixture f({.concurrency = 1});
  Governed model = f.over(f.held);
  Crowd crowd(f.loop);
  for (int i = 0; i <= 500; ++i) crowd.start(model, "team", "t", {}, "r_" + std::to_string(i));
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 500; }));
  Crowd::Call& one = crowd.start(model, "alone");
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 501; }));
  for (std::size_t served = 2; served <= 4; ++served) {
    f.held->let_one_go();
    REQUIRE(crowd.until([&] { return f.held->came.size() == served; }));
  }
  CHECK(f.held->came == std::vector<std::string>{"team", "team", "alone", "team"});
  CHECK(one.result.has_value());
  for (Crowd::Call& call : crowd.calls) call.stop.request(StopReason::cancelled);
  crowd.join();
  f.check_empty();
}

TEST_CASE("when a large call that waits for the rate leaves, the small one behind it goes at once") {
  Fixture f({.rates = {.tokens = 1'000}});
  Governed model = f.over(f.held);
  Governor::Turn large{.tokens = 990}, small{.tokens = 5};
  SystemClock clock;
  Stop stop;
  RecordingEvents events;
  auto first = f.governor->try_enter(900, "t");
  REQUIRE(first.has_value());
  Nursery nursery(f.loop);
  std::optional<bool> went, left;
  const auto enter = [&](Governor::Turn& turn, Stop& own, std::string session,
                         std::optional<bool>& done) -> Task<> {
    CallContext context{.loop = f.loop, .stop = own, .events = events, .session = std::move(session)};
    auto permit = co_await f.governor->enter(turn, context);
    done = permit.has_value();
  };
  Stop free;
  nursery.spawn("large", [&] { return enter(large, stop, "a", left); });
  nursery.spawn("small", [&] { return enter(small, free, "b", went); });
  Crowd crowd(f.loop);
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 2; }));
  CHECK_FALSE(went.has_value());
  stop.request(StopReason::cancelled);
  REQUIRE(crowd.until([&] { return went.has_value() && left.has_value(); }));
  CHECK(*went);
  CHECK_FALSE(*left);
  fakes::run(f.loop, nursery.join());
}

TEST_CASE("a call that is stopped while it waits ends at once, and leaves nothing behind") {
  Fixture f({.concurrency = 1});
  Governed model = f.over(f.held);
  Crowd crowd(f.loop);
  crowd.start(model);
  Crowd::Call& waiting = crowd.start(model);
  Crowd::Call& behind = crowd.start(model);
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 2; }));
  waiting.stop.request(StopReason::cancelled);
  REQUIRE(crowd.until([&] { return waiting.result.has_value(); }));
  CHECK(waiting.error().code == ErrorCode::cancelled);
  CHECK(f.governor->waiting() == 1);
  f.held->let_one_go();
  REQUIRE(crowd.until([&] { return f.held->came.size() == 2; }));
  f.held->let_one_go();
  crowd.join();
  CHECK(behind.result->has_value());
  CHECK(f.held->came.size() == 2);
  f.check_empty();
}

TEST_CASE("a call whose deadline comes while it waits ends then, and says what it waited for") {
  Fixture f({.concurrency = 1});
  Governed model = f.over(f.held);
  Crowd crowd(f.loop);
  crowd.start(model);
  Crowd::Call& late = crowd.start(model, "r", "t", Deadline::after(f.clock, 20ms));
  REQUIRE(crowd.until([&] { return late.result.has_value(); }));
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(late.error().message.starts_with("model held: openai at http://h/v1 could not be asked in time"));
  CHECK(late.error().message.contains("`concurrency`"));
  CHECK(f.governor->waiting() == 0);
  CHECK(f.held->came.size() == 1);
}

TEST_CASE("a full queue says busy instead of growing") {
  Fixture f({.concurrency = 1, .queue = 2});
  Governed model = f.over(f.held);
  Crowd crowd(f.loop);
  for (int i = 0; i < 3; ++i) crowd.start(model);
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 2; }));
  Crowd::Call& refused = crowd.start(model);
  REQUIRE(crowd.until([&] { return refused.result.has_value(); }));
  CHECK(refused.error().code == ErrorCode::busy);
  CHECK(refused.error().retryable);
  CHECK(refused.error().message.contains("has 2 calls waiting"));
}

TEST_CASE("a larger cap lets those who wait go on at once") {
  Fixture f({.concurrency = 1});
  Governed model = f.over(f.held);
  Crowd crowd(f.loop);
  for (int i = 0; i < 5; ++i) crowd.start(model);
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 4; }));
  f.governor->set(3, {});
  REQUIRE(crowd.until([&] { return f.held->held() == 3; }));
  CHECK(f.governor->waiting() == 2);
}

TEST_CASE("in no window of time more calls begin than the rate allows") {
  Fixture f({.rates = {.requests = 2, .length = 300ms}});
  Governed model = f.over(f.script);
  for (int i = 0; i < 4; ++i) f.script->says("ok");
  Crowd crowd(f.loop);
  for (int i = 0; i < 4; ++i) crowd.start(model);
  crowd.join();
  REQUIRE(f.script->at.size() == 4);
  CHECK(f.script->at[2] - f.script->at[0] >= 300ms);
  CHECK(f.script->at[3] - f.script->at[1] >= 300ms);
  f.check_empty();
}

TEST_CASE("a rate of tokens counts what calls used, not what they might have") {
  Fixture f({.rates = {.tokens = 2'500, .length = 1min}});
  Governed model = f.over(f.held);
  f.held->usage = {.input_tokens = 10, .output_tokens = 10};
  Crowd crowd(f.loop);
  for (int i = 0; i < 3; ++i) crowd.start(model);
  // Each may write a thousand tokens, so the third has no room until one is through.
  REQUIRE(crowd.until([&] { return f.held->held() == 2 && f.governor->waiting() == 1; }));
  f.held->let_one_go();
  REQUIRE(crowd.until([&] { return f.held->came.size() == 3; }));
}

TEST_CASE("a wait that would pass the deadline is not begun: nothing is queued for a minute that is over") {
  Fixture f({.rates = {.requests = 1, .length = 1min}});
  Governed model = f.over(f.script);
  f.script->says("ok");
  Crowd crowd(f.loop);
  crowd.start(model);
  crowd.join();
  Crowd::Call& late = crowd.start(model, "r", "t", Deadline::after(f.clock, 30s));
  crowd.join();
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(late.error().message.contains("the deadline comes first"));
  CHECK(f.script->calls == 1);
  f.check_empty();
}

TEST_CASE("a refusal makes every caller wait, also those who ask only now") {
  Fixture f;
  Governed model = f.over(f.script);
  Error slow = busy();
  slow.retry_after = 60ms;
  f.script->fails(slow);
  for (int i = 0; i < 10; ++i) f.script->says("ok");
  Crowd crowd(f.loop);
  crowd.start(model);
  REQUIRE(crowd.until([&] { return f.script->calls == 1 && f.governor->paused(f.clock.now()); }));
  for (int i = 0; i < 9; ++i) crowd.start(model);
  crowd.join();
  for (Crowd::Call& call : crowd.calls) CHECK(call.result->has_value());
  CHECK(f.script->calls == 11);
  for (std::size_t i = 1; i < f.script->at.size(); ++i) CHECK(f.script->at[i] - f.script->at[0] >= 60ms);
  CHECK(crowd.calls[0].warnings("model_retry") == 1);
  f.check_empty();
}

TEST_CASE("after a pause one call goes ahead, and when it is refused all that wait have been refused") {
  Fixture f;
  Governed model = f.over(f.script);
  for (int i = 0; i < 100; ++i) f.script->fails(busy());
  Crowd crowd(f.loop);
  for (int i = 0; i < 20; ++i) crowd.start(model);
  crowd.join();
  // The first was refused before the others asked; then there is one call for each of four pauses.
  CHECK(f.script->calls == 5);
  for (Crowd::Call& call : crowd.calls) {
    CHECK(call.error().status == 429);
    CHECK(call.error().message.contains("after 4 attempts"));
  }
  f.check_empty();
}

TEST_CASE("a call that may not be retried waits through a pause, but through no refusal") {
  Fixture f;
  Governed model = f.over(f.script);
  Governed once = f.over(f.script, {.retries = 0});
  Error slow = busy();
  slow.retry_after = 20ms;
  for (int i = 0; i < 3; ++i) f.script->fails(slow);
  f.script->says("ok");
  Crowd crowd(f.loop);
  crowd.start(model);
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 1; }));
  Crowd::Call& impatient = crowd.start(once);
  crowd.join();
  CHECK(impatient.error().status == 429);
  CHECK(crowd.calls[0].result->has_value());
  CHECK(f.script->calls == 4);
  f.check_empty();
}

TEST_CASE("a long wait is told once, with its reason, and a short one is not") {
  Fixture f;
  Governed model = f.over(f.script);
  Error slow = busy();
  slow.retry_after = 30s;
  f.script->fails(slow);
  Crowd crowd(f.loop);
  crowd.start(model);
  REQUIRE(crowd.until([&] { return f.governor->paused(f.clock.now()); }));
  Crowd::Call& second = crowd.start(model);
  REQUIRE(crowd.until([&] { return f.governor->waiting() == 2; }));
  CHECK(second.warnings("model_waits") == 1);
  CHECK(second.events.events[0].fields["text"].get<std::string>().starts_with(
      "model scripted waits for its turn: openai at http://h/v1 asked for a pause, of which "));
  CHECK(crowd.calls[0].warnings("model_waits") == 0);
  CHECK(crowd.calls[0].warnings("model_retry") == 1);
}

TEST_CASE("a pause that is longer than anybody waits fails calls at once, with what the server said") {
  Fixture f;
  Governed model = f.over(f.script);
  Error slow = busy();
  slow.retry_after = 1h;
  f.script->fails(slow);
  Crowd crowd(f.loop);
  crowd.start(model);
  crowd.join();
  Crowd::Call& second = crowd.start(model);
  crowd.join();
  CHECK(second.error().status == 429);
  CHECK(second.error().retryable);
  CHECK(second.error().message == "model scripted: HTTP 429: slow down");
  CHECK(f.script->calls == 1);
}

TEST_CASE("an endpoint that fails all the time is left alone; then one call tries it, and all go on") {
  Fixture f({.breaker = {.failures = 3, .span = 0ms, .first = 40ms}});
  Governed model = f.over(f.script, {.retries = 0});
  for (int i = 0; i < 3; ++i) f.script->fails(cut());
  Crowd crowd(f.loop);
  for (int i = 0; i < 3; ++i) {
    crowd.start(model);
    crowd.join();
  }
  const Instant opened = f.clock.now();
  Crowd::Call& refused = crowd.start(model);
  crowd.join();
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(refused.error().retryable);
  const std::string& text = refused.error().message;
  CHECK(text.starts_with("model scripted: openai at http://h/v1 is not asked since "));
  CHECK(text.contains("after 3 failures in a row"));
  CHECK(text.contains("it is tried again in 0.0 s"));
  CHECK(text.contains("the connection was cut"));
  CHECK(f.script->calls == 3);

  Governed probing = f.over(f.held, {.retries = 0});
  REQUIRE(crowd.until([&] { return f.clock.now() - opened >= 45ms; }));
  for (int i = 0; i < 5; ++i) crowd.start(probing);
  REQUIRE(crowd.until([&] { return crowd.ended() == 8 && f.held->held() == 1; }));
  CHECK(f.held->came.size() == 1);
  f.held->let_one_go();
  crowd.join();
  f.script->says("ok");
  Crowd::Call& after = crowd.start(model);
  crowd.join();
  CHECK(after.result->has_value());
  f.check_empty();
}

TEST_CASE("a breaker that opens fails those who wait, and who retries need not wait to learn it") {
  Fixture f({.concurrency = 1, .breaker = {.failures = 2, .span = 0ms, .first = 1min}});
  Governed model = f.over(f.script);
  for (int i = 0; i < 10; ++i) f.script->fails(cut());
  Crowd crowd(f.loop);
  for (int i = 0; i < 5; ++i) crowd.start(model);
  crowd.join();
  CHECK(f.script->calls == 2);
  for (Crowd::Call& call : crowd.calls)
    CHECK((call.error().code == ErrorCode::unavailable || call.error().message.contains("failed too often")));
  f.check_empty();
}

TEST_CASE("what the endpoint thinks of a request does not open the breaker") {
  Fixture f({.breaker = {.failures = 2, .span = 0ms, .first = 1min}});
  Governed model = f.over(f.script, {.retries = 0});
  Error wrong{ErrorCode::model, "HTTP 401: no", false, 401};
  for (int i = 0; i < 5; ++i) f.script->fails(wrong);
  f.script->says("ok");
  Crowd crowd(f.loop);
  for (int i = 0; i < 6; ++i) {
    crowd.start(model);
    crowd.join();
  }
  CHECK(crowd.calls[5].result->has_value());
}

TEST_CASE("an endpoint that says when to come back is not left alone, but waited for") {
  Fixture f({.breaker = {.failures = 1, .span = 0ms, .first = 1min}});
  Governed model = f.over(f.script);
  Error loading{ErrorCode::model, "HTTP 503: loading", true, 503};
  loading.retry_after = 20ms;
  f.script->fails(loading);
  f.script->says("ok");
  Crowd crowd(f.loop);
  crowd.start(model);
  crowd.join();
  CHECK(crowd.calls[0].result->has_value());
}

TEST_CASE("a call that is cancelled while it tries an open endpoint makes room for the next that tries") {
  Fixture f({.breaker = {.failures = 1, .span = 0ms, .first = 20ms}});
  Governed failing = f.over(f.script, {.retries = 0});
  Governed model = f.over(f.held, {.retries = 0});
  f.script->fails(cut());
  Crowd crowd(f.loop);
  crowd.start(failing);
  crowd.join();
  REQUIRE(crowd.until([&] { return !f.governor->closed(f.clock.now()); }));
  Crowd::Call& first = crowd.start(model);
  REQUIRE(crowd.until([&] { return f.held->held() == 1; }));
  first.stop.request(StopReason::cancelled);
  REQUIRE(crowd.until([&] { return first.result.has_value(); }));
  crowd.start(model);
  REQUIRE(crowd.until([&] { return f.held->held() == 1; }));
  CHECK(f.held->came.size() == 2);
}
