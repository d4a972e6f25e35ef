#include "models/governor/governors.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;

namespace {

ModelSettings entry(std::string name, std::string key = "k") {
  return {.name = std::move(name), .provider = "openai", .model = "m", .api_key = std::move(key)};
}

struct Fixture {
  SystemClock clock;
  Loop loop{clock};
  SystemRng rng;
  Governors governors{loop, rng};
};

}  // namespace

TEST_CASE("entries with one endpoint and key share a governor, all others have their own") {
  Fixture f;
  ModelSettings named = entry("named");
  named.base_url = "https://api.openai.com/v1/";
  ModelSettings elsewhere = entry("elsewhere");
  elsewhere.base_url = "https://example.org/v1";
  ModelSettings headers = entry("headers");
  headers.extra_headers = {{"x-team", "b"}};
  ModelSettings other_kind = entry("other-kind");
  other_kind.provider = "anthropic";
  auto first = f.governors.of(entry("first"), {});
  CHECK(f.governors.of(entry("second"), {}) == first);
  CHECK(f.governors.of(named, {}) == first);
  CHECK(f.governors.of(entry("third", "another key"), {}) != first);
  CHECK(f.governors.of(elsewhere, {}) != first);
  CHECK(f.governors.of(headers, {}) != first);
  CHECK(f.governors.of(other_kind, {}) != first);
  CHECK(first->endpoint() == "openai at https://api.openai.com/v1");
}

TEST_CASE("what one entry of an endpoint states holds for all of them") {
  Fixture f;
  ModelSettings stated = entry("stated");
  stated.tokens_per_minute = 1'000;
  CHECK(f.governors.of(entry("plain"), {entry("plain"), stated})->counts_tokens());
}

TEST_CASE(
    "a governor stays while somebody uses it, and another configuration changes its rates in use only") {
  Fixture f;
  ModelSettings counted = entry("m");
  counted.tokens_per_minute = 1'000;
  auto held = f.governors.of(counted, {counted});
  CHECK(f.governors.of(entry("m"), {entry("m")}) == held);
  CHECK(held->counts_tokens());  // made for a run of another configuration
  f.governors.adopt({entry("m")});
  CHECK_FALSE(held->counts_tokens());
  std::weak_ptr<Governor> gone = held;
  held.reset();
  CHECK(gone.expired());
}

TEST_CASE("a governor that only runs of an earlier configuration use keeps what that said") {
  Fixture f;
  ModelSettings counted = entry("m");
  counted.tokens_per_minute = 1'000;
  auto held = f.governors.of(counted, {counted});
  f.governors.adopt({entry("m", "another key")});
  CHECK(held->counts_tokens());
}

TEST_CASE("an endpoint is its server, however its address is written") {
  Fixture f;
  const auto at = [&](std::string url) {
    ModelSettings one = entry("m");
    one.base_url = std::move(url);
    return f.governors.of(one, {});
  };
  auto first = at("");
  for (const char* url : {"https://api.openai.com", "https://API.openai.com/v1/", "https://api.openai.com/v1",
                          "https://api.openai.com/v1/chat/completions"})
    CHECK(at(url) == first);
  CHECK(at("http://api.openai.com/v1") != first);
  CHECK(at("https://api.openai.com:8443/v1") != first);
}

TEST_CASE("entries that share a governor and state different values are told, with both names") {
  ModelSettings one = entry("one"), two = entry("two"), three = entry("three"), other = entry("other", "x");
  one.requests_per_minute = 60;
  two.requests_per_minute = 90;
  two.concurrency = 4;
  three.concurrency = 4;
  other.concurrency = 8;
  auto conflicts = rate_conflicts({one, two, three, other});
  REQUIRE(conflicts.size() == 1);
  CHECK(conflicts[0].entry == "two");
  CHECK(conflicts[0].key == "requests_per_minute");
  CHECK(conflicts[0].other == "one");
}
