#include "models/governor/throttle.h"

#include "tests/models/scripted_model.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;

namespace {

const Instant kStart{1'000'000s};

Error asked(Milliseconds wait) {
  Error error = busy();
  error.retry_after = wait;
  return error;
}

}  // namespace

TEST_CASE("429, 529 and whatever says when to come back hold everybody back, and nothing else does") {
  CHECK(Throttle::is_refusal(busy()));
  Error overloaded{ErrorCode::model, "overloaded", true, 529};
  CHECK(Throttle::is_refusal(overloaded));
  Error loading{ErrorCode::model, "loading", true, 503};
  CHECK_FALSE(Throttle::is_refusal(loading));
  loading.retry_after = 20s;
  CHECK(Throttle::is_refusal(loading));
  Error quota = busy();
  quota.retryable = false;
  CHECK_FALSE(Throttle::is_refusal(quota));
}

TEST_CASE("after a refusal nobody calls until the pause is over, then one, then two, then all") {
  Throttle throttle;
  CHECK(throttle.free());
  const int episode = throttle.enter();
  CHECK(throttle.refused(asked(20s), episode, kStart, 0));
  CHECK(throttle.opens_at() == kStart + 20s);
  REQUIRE(throttle.room());
  const int probe = throttle.enter();
  CHECK_FALSE(throttle.room());
  throttle.answered(probe);
  throttle.enter();
  REQUIRE(throttle.room());
  const int second = throttle.enter();
  CHECK_FALSE(throttle.room());
  throttle.abandoned(second);
  CHECK(throttle.room());
  for (int i = 0; i < 8 && !throttle.free(); ++i) throttle.answered(throttle.enter());
  CHECK(throttle.free());
}

TEST_CASE("refusals in a row make each pause longer than the one before, up to the longest") {
  Throttle throttle;
  Instant now = kStart;
  for (Milliseconds step : {500ms, 1000ms, 2000ms, 4000ms, 8000ms, 8000ms}) {
    REQUIRE(throttle.refused(busy(), throttle.enter(), now, 0));
    CHECK(throttle.opens_at() == now + step / 2);
    now = throttle.opens_at();
  }
  throttle.answered(throttle.enter());
  throttle.refused(busy(), throttle.enter(), now, 0);
  CHECK(throttle.opens_at() == now + 250ms);
}

TEST_CASE("calls that went out together and are all refused make one pause") {
  Throttle throttle;
  const int episode = throttle.enter();
  CHECK(throttle.refused(busy(), episode, kStart, 0));
  for (int i = 0; i < 50; ++i) CHECK_FALSE(throttle.refused(busy(), episode, kStart + 10ms, 0));
  CHECK(throttle.opens_at() == kStart + 250ms);
  SUBCASE("unless one of them is told to stay away for longer") {
    CHECK_FALSE(throttle.refused(asked(5s), episode, kStart + 20ms, 0));
    CHECK(throttle.opens_at() == kStart + 20ms + 5s);
  }
}

TEST_CASE("a server that says `at once` and refuses again is not believed") {
  Throttle throttle;
  throttle.refused(asked(0ms), throttle.enter(), kStart, 0);
  CHECK(throttle.opens_at() == kStart);
  throttle.refused(asked(0ms), throttle.enter(), kStart, 0);
  CHECK(throttle.opens_at() == kStart + 250ms);
}

TEST_CASE("a pause that is longer than anybody waits fails callers, and one tries after the longest") {
  Throttle throttle;
  throttle.refused(asked(24h), throttle.enter(), kStart, 0);
  CHECK(throttle.too_long(kStart + 59s));
  CHECK_FALSE(throttle.too_long(kStart + 60s));
  CHECK(throttle.opens_at() == kStart + 60s);
  CHECK(throttle.room());
}

TEST_CASE("the end of a pause is not the same instant for every daemon") {
  Throttle one, other;
  one.refused(asked(10s), one.enter(), kStart, 0);
  other.refused(asked(10s), other.enter(), kStart, ~0ull);
  CHECK(other.opens_at() - one.opens_at() > 900ms);
  CHECK(other.opens_at() - one.opens_at() <= 1s);
}
