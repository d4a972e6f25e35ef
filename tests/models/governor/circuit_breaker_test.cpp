#include "models/governor/circuit_breaker.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace std::chrono_literals;

namespace {

const Instant kStart{1'000'000s};
constexpr BreakerRules kRules{.failures = 3, .span = 0ms, .first = 5s, .longest = 15s};

CircuitBreaker opened() {
  CircuitBreaker breaker(kRules);
  for (int i = 0; i < 3; ++i) breaker.failed(kStart, false);
  return breaker;
}

}  // namespace

TEST_CASE("a breaker opens after so many failures in a row, and an answer between them counts anew") {
  CircuitBreaker breaker(kRules);
  breaker.failed(kStart, false);
  breaker.failed(kStart, false);
  breaker.answered();
  breaker.failed(kStart, false);
  breaker.failed(kStart, false);
  CHECK(breaker.admits(kStart));
  breaker.failed(kStart, false);
  CHECK(breaker.state(kStart) == CircuitBreaker::State::open);
  CHECK_FALSE(breaker.admits(kStart + 4s));
  CHECK(breaker.since() == kStart);
  CHECK(breaker.tries_at() == kStart + 5s);
}

TEST_CASE("many failures at once are a hiccup; those that go on for a while are not") {
  CircuitBreaker breaker({.failures = 3, .span = 2s, .first = 5s, .longest = 15s});
  for (int i = 0; i < 100; ++i) breaker.failed(kStart + Milliseconds(i), false);
  CHECK(breaker.closed());
  breaker.failed(kStart + 2s, false);
  CHECK(breaker.state(kStart + 2s) == CircuitBreaker::State::open);
}

TEST_CASE("one call tries an open breaker when its time is over, and its answer closes it") {
  CircuitBreaker breaker = opened();
  REQUIRE(breaker.admits(kStart + 5s));
  CHECK(breaker.enter(kStart + 5s));
  CHECK_FALSE(breaker.admits(kStart + 5s));
  CHECK_FALSE(breaker.admits(kStart + 1h));
  breaker.answered();
  CHECK(breaker.admits(kStart + 5s));
  CHECK_FALSE(breaker.enter(kStart + 5s));
  CHECK(breaker.closed());
}

TEST_CASE("a call that tries and fails leaves it open for twice as long, up to the longest") {
  CircuitBreaker breaker = opened();
  Instant now = kStart + 5s;
  for (Milliseconds length : {10'000ms, 15'000ms, 15'000ms}) {
    REQUIRE(breaker.enter(now));
    breaker.failed(now, true);
    CHECK(breaker.tries_at() == now + length);
    CHECK(breaker.since() == kStart);
    now = breaker.tries_at();
  }
}

TEST_CASE("a call that tried and was cancelled makes room for another") {
  CircuitBreaker breaker = opened();
  REQUIRE(breaker.enter(kStart + 5s));
  breaker.abandoned(true);
  CHECK(breaker.admits(kStart + 6s));
  CHECK(breaker.enter(kStart + 6s));
}

TEST_CASE("calls that began before it opened neither prolong it nor count as the one that tries") {
  CircuitBreaker breaker = opened();
  breaker.failed(kStart + 3s, false);
  CHECK(breaker.tries_at() == kStart + 5s);
  REQUIRE(breaker.enter(kStart + 5s));
  breaker.failed(kStart + 6s, false);
  CHECK_FALSE(breaker.admits(kStart + 6s));
  breaker.answered();  // one of them was answered after all: the endpoint is well
  CHECK(breaker.closed());
}

TEST_CASE("a reply that begins closes it on probation: breaking off opens it again") {
  CircuitBreaker breaker = opened();
  REQUIRE(breaker.enter(kStart + 5s));
  breaker.begun(true);
  CHECK(breaker.admits(kStart + 5s));
  breaker.failed(kStart + 6s, true);
  CHECK(breaker.state(kStart + 6s) == CircuitBreaker::State::open);
  CHECK(breaker.tries_at() == kStart + 16s);
}
