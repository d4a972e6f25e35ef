#include "models/catalog.h"
#include "models/governor/governors.h"
#include "tests/fakes/http_peer.h"
#include "tests/models/dialects.h"
#include "tests/models/governor/crowd.h"
#include "tests/runtime/net/client_bench.h"

#include <chrono>
#include <ctime>

#include <doctest/doctest.h>
#include <fmt/chrono.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;
using namespace std::chrono_literals;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

// Pauses of 20 to 80 ms stand for those of half a second to eight.
constexpr GovernorRules kQuick{.pauses = {.first = 20ms, .longest = 80ms}};

/// A model behind a real server, as the catalog makes it.
struct Asker {
  Asker(const std::string& provider, std::string base_url, int retries, GovernorRules rules = kQuick)
      : governors(bench.loop, rng, rules), crowd(bench.loop) {
    ModelSettings settings = entry_of(provider, std::move(base_url));
    settings.retries = retries;
    settings.timeout = 10s;
    auto table = make_models({settings}, {bench.client, bench.loop, rng, &governors});
    REQUIRE(table.has_value());
    model = table->at(settings.name);
  }
  Result<ModelReply> ask() {
    Crowd::Call& call = crowd.start(*model);
    crowd.join();
    return *call.result;
  }

  net::ClientBench bench;
  SystemRng rng;
  Governors governors;
  std::shared_ptr<Model> model;
  Crowd crowd;
};

PeerReply refusal(const Dialect& dialect, int status) {
  return PeerReply::json(dialect.error("slow down"), status);
}

PeerReply answer(const Dialect& dialect) {
  return PeerReply::sse_text(dialect.stream()).header("content-type", dialect.content_type);
}

// Refused once, then answered: how long the governor kept from the server.
Milliseconds kept_away(const std::string& provider, PeerReply refused) {
  const Dialect& dialect = testing::dialect(provider);
  std::vector<Instant> came;
  std::mutex guard;
  HttpPeer peer([&, refused](const PeerRequest&) {
    std::lock_guard lock(guard);
    came.push_back(std::chrono::steady_clock::now());
    return came.size() == 1 ? refused : answer(dialect);
  });
  Asker asker(provider, peer.url("/v1"), 1);
  const auto reply = asker.ask();
  REQUIRE_MESSAGE(reply.has_value(), reply.error().message);
  REQUIRE(came.size() == 2);
  return std::chrono::duration_cast<Milliseconds>(came[1] - came[0]);
}

std::string http_date(std::int64_t wall_ms) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S GMT}", fmt::gmtime(static_cast<std::time_t>(wall_ms / 1000)));
}

}  // namespace

TEST_CASE("a server that refuses everything gets a bounded number of calls, from one caller and from fifty") {
  for (int callers : {1, 50}) {
    CAPTURE(callers);
    const Dialect& openai = dialect("openai");
    HttpPeer peer([&](const PeerRequest&) { return refusal(openai, 429); });
    Asker asker("openai", peer.url("/v1"), 4);
    const Instant began = asker.bench.clock.now();
    for (int i = 0; i < callers; ++i) asker.crowd.start(*asker.model, fmt::format("r{}", i));
    asker.crowd.join();
    const auto took = asker.bench.clock.now() - began;
    for (Crowd::Call& call : asker.crowd.calls) {
      REQUIRE_FALSE(call.result->has_value());
      CHECK(call.error().status == 429);
      CHECK(call.error().message.contains("after 5 attempts"));
    }
    // Once each, as they came all at once; then one for each pause, which take 10, 20, 40, 40 … ms at least:
    // four, and one more for each that passed before the last of the first refusals was read.
    CHECK(took >= 110ms);
    const auto pauses = 4 + (took - 110ms) / 40ms;
    CHECK(peer.counts().requests <= static_cast<std::size_t>(callers + pauses));
    if (callers == 1) CHECK(peer.counts().requests == 5);
    CHECK(asker.bench.client.in_flight() == 0);
  }
}

TEST_CASE("callers that keep coming to a server that refuses everything do not make it more calls") {
  const Dialect& openai = dialect("openai");
  HttpPeer peer([&](const PeerRequest&) { return refusal(openai, 429); });
  Asker asker("openai", peer.url("/v1"), 2);
  asker.crowd.start(*asker.model);
  REQUIRE(asker.crowd.until([&] { return peer.counts().answered == 1; }));
  const Instant began = asker.bench.clock.now();
  int callers = 0;
  REQUIRE(asker.crowd.until([&] {
    if (++callers < 200) asker.crowd.start(*asker.model, fmt::format("r{}", callers % 7));
    return asker.bench.clock.now() - began >= 400ms;
  }));
  asker.crowd.join();
  // Pauses are 10 to 20, 20 to 40, then 40 to 80 ms: in half a second there are no more than fifteen, whoever
  // comes meanwhile.
  CHECK(callers > 25);  // more than the calls that they came to; how many depends on the machine
  CHECK(peer.counts().requests <= 20);
}

TEST_CASE("whatever form a request to wait has, it is kept") {
  const Dialect& openai = dialect("openai");
  CHECK(kept_away("openai", refusal(openai, 429).header("retry-after-ms", "150")) >= 150ms);
  CHECK(kept_away("openai", refusal(openai, 429).header("Retry-After", "0.2")) >= 200ms);
  CHECK(kept_away("openai", refusal(openai, 503).header("Retry-After", "0.1")) >= 100ms);
  CHECK(kept_away("openai", PeerReply::json(openai.error("Please try again in 120ms"), 429)) >= 120ms);
  CHECK(kept_away("anthropic", refusal(dialect("anthropic"), 529)) >= 10ms);
  const auto gemini = PeerReply::json(
      R"({"error":{"code":429,"message":"Resource exhausted","status":"RESOURCE_EXHAUSTED","details":[)"
      R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"0.150s"}]}})",
      429);
  CHECK(kept_away("gemini", gemini) >= 150ms);
  // A date has whole seconds: two of them are more than one away.
  const std::int64_t later = SystemClock().wall_ms() + 2'000;
  CHECK(kept_away("openai", refusal(openai, 429).header("Retry-After", http_date(later))) >= 900ms);
}

TEST_CASE("a refusal of one key keeps all entries with that key away, and no other") {
  const Dialect& openai = dialect("openai");
  HttpPeer peer([&](const PeerRequest& request) {
    const bool refused = request.header("authorization") == "Bearer shared";
    return refused ? refusal(openai, 429).header("Retry-After", "30") : answer(openai);
  });
  net::ClientBench bench;
  SystemRng rng;
  Governors governors(bench.loop, rng);
  ModelSettings one = entry_of("openai", peer.url("/v1"));
  one.api_key = "shared";
  ModelSettings two = one, other = one;
  two.name = "two";
  other.name = "other";
  other.api_key = "own";
  auto table = make_models({one, two, other}, {bench.client, bench.loop, rng, &governors});
  REQUIRE(table.has_value());
  Crowd crowd(bench.loop);
  crowd.start(*table->at(one.name));
  crowd.join();
  Crowd::Call& waiting = crowd.start(*table->at("two"));
  Crowd::Call& free = crowd.start(*table->at("other"));
  REQUIRE(crowd.until([&] { return free.result.has_value() && waiting.warnings("model_waits") == 1; }));
  CHECK(free.result->has_value());
  CHECK_FALSE(waiting.result.has_value());
  CHECK(peer.counts().requests == 2);

  // Another generation of the same models, as a reload makes it, knows of the pause.
  auto next = make_models({one, two, other}, {bench.client, bench.loop, rng, &governors});
  REQUIRE(next.has_value());
  const ModelTable at_work = std::move(*table);  // runs keep the models that they began with
  Crowd::Call& reloaded = crowd.start(*next->at(one.name));
  REQUIRE(crowd.until([&] { return reloaded.warnings("model_waits") == 1; }));
  CHECK(peer.counts().requests == 2);
  for (Crowd::Call& call : crowd.calls) call.stop.request(StopReason::cancelled);
  crowd.join();
}

TEST_CASE("a server that is gone is left alone after some failures, and found again when it is back") {
  const Dialect& openai = dialect("openai");
  HttpPeer peer([&](const PeerRequest&) { return answer(openai); });
  GovernorRules rules = kQuick;
  rules.breaker = {.failures = 4, .span = 0ms, .first = 100ms};
  Asker asker("openai", peer.url("/v1"), 1, rules);
  peer.down();
  for (int i = 0; i < 2; ++i) {
    auto reply = asker.ask();
    REQUIRE_FALSE(reply.has_value());
    CHECK(reply.error().message.contains("refused"));
  }
  auto refused = asker.ask();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::unavailable);
  CHECK(refused.error().message.contains("refused"));
  peer.up();
  CHECK(peer.counts().requests == 0);
  bool back = false;
  for (int i = 0; i < 10'000 && !back; ++i) {
    asker.crowd.until([n = 0]() mutable { return n++ > 0; });
    back = asker.ask().has_value();
  }
  CHECK(back);
  CHECK(peer.counts().requests == 1);
}
