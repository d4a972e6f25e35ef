#include "models/governor/rate_window.h"

#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;
using namespace std::chrono_literals;

namespace {

const Instant kStart{1'000'000s};

}  // namespace

TEST_CASE("in no minute there are more requests than allowed, whenever they come") {
  RateWindow window({.requests = 10});
  std::vector<Instant> began;
  Instant now = kStart;
  for (int i = 0; i < 100; ++i) {
    now = std::max(now + Milliseconds(37 * (i % 11)), window.free_at(now, 0));
    window.take(now, 0);
    began.push_back(now);
  }
  for (std::size_t i = 10; i < began.size(); ++i) CHECK(began[i] - began[i - 10] > 60s);
  CHECK(began.back() - began.front() < 10 * 62s);
}

TEST_CASE("nothing waits below the limit, and who waits is told until when") {
  RateWindow window({.requests = 2});
  CHECK(window.free_at(kStart, 0) == kStart);
  window.take(kStart, 0);
  window.take(kStart + 5s, 0);
  CHECK(window.free_at(kStart + 6s, 0) == kStart + 61s);
  CHECK(window.free_at(kStart + 61s, 0) == kStart + 61s);
}

TEST_CASE("tokens are reserved by an estimate and put right by what was used") {
  RateWindow window({.tokens = 1'000});
  const auto first = window.take(kStart, 800);
  CHECK(window.free_at(kStart, 200) == kStart);
  CHECK(window.free_at(kStart, 300) > kStart);
  window.correct(first, 100);
  CHECK(window.free_at(kStart, 300) == kStart);
  window.correct({.part = first.part, .tokens = 100}, 1'500);
  CHECK(window.free_at(kStart, 1) == kStart + 61s);
}

TEST_CASE("a correction that comes after the window has gone by changes nothing") {
  RateWindow window({.tokens = 1'000});
  const auto old = window.take(kStart, 900);
  window.take(kStart + 2min, 500);
  window.correct(old, 10'000);
  CHECK(window.free_at(kStart + 2min, 500) == kStart + 2min);
}

TEST_CASE("a call larger than the whole window goes when it is alone, instead of never") {
  RateWindow window({.tokens = 1'000});
  CHECK(window.free_at(kStart, 50'000) == kStart);
  window.take(kStart, 50'000);
  CHECK(window.free_at(kStart, 1) == kStart + 61s);
  CHECK(window.free_at(kStart + 61s, 50'000) == kStart + 61s);
}

TEST_CASE("new rates hold for what was counted before") {
  RateWindow window;
  for (int i = 0; i < 5; ++i) window.take(kStart, 10);
  CHECK(window.free_at(kStart, 10) == kStart);
  window.set({.requests = 5});
  CHECK(window.free_at(kStart, 10) > kStart);
  window.set({});
  CHECK(window.free_at(kStart, 10) == kStart);
}
