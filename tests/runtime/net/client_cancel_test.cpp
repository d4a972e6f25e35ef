#include "tests/runtime/net/client_bench.h"

#include <condition_variable>
#include <mutex>
#include <netinet/in.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::net;
using namespace std::chrono_literals;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

/// A name server that does not answer until it is told to.
class SlowLookup {
 public:
  Resolver::Lookup function() {
    return [state = state_](const std::string&) -> Result<std::vector<Address>> {
      std::unique_lock lock(state->mutex);
      ++state->asked;
      state->changed.wait(lock, [&] { return state->open; });
      return std::vector{*Address::parse("127.0.0.1")};
    };
  }
  int asked() const {
    std::lock_guard lock(state_->mutex);
    return state_->asked;
  }
  void answer() {
    std::lock_guard lock(state_->mutex);
    state_->open = true;
    state_->changed.notify_all();
  }
  ~SlowLookup() { answer(); }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    int asked = 0;
    bool open = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

Task<> one(CurlClient& client, std::string url, Stop& stop, Result<HttpResponse>& out) {
  HttpRequest request;
  request.url = std::move(url);
  out = co_await client.fetch(std::move(request), stop);
}

/// Fetches `url` and requests the stop when `when` holds; gives the result and how long the end took after
/// that.
std::pair<Result<HttpResponse>, Milliseconds> cancelled(ClientBench& bench, std::string url,
                                                        std::function<bool()> when) {
  Nursery nursery(bench.loop);
  Stop stop;
  Result<HttpResponse> out;
  nursery.spawn("fetch", [&] { return one(bench.client, url, stop, out); });
  CHECK(bench.until(std::move(when)));
  const Instant begin = bench.clock.now();
  stop.request(StopReason::cancelled);
  fakes::run(bench.loop, nursery.join());
  return {std::move(out), std::chrono::duration_cast<Milliseconds>(bench.clock.now() - begin)};
}

}  // namespace

TEST_CASE("a stop ends an exchange at once, wherever it stands") {
  HttpPeer peer([](const PeerRequest& request) {
    if (request.path == "/mute") return PeerReply::silence();
    return PeerReply().chunked().write("begun").stall();
  });
  SlowLookup slow;
  ClientBench bench({}, Guarding::open, slow.function());
  auto check = [&](const Result<HttpResponse>& result, Milliseconds took, std::string text) {
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::cancelled);
    CHECK(result.error().message == text);
    CHECK(took < 1000ms);
    CHECK(bench.client.in_flight() == 0);
  };

  SUBCASE("in a look-up") {
    auto [result, took] = cancelled(bench, peer.url_as("slow.example"), [&] { return slow.asked() == 1; });
    check(result, took,
          fmt::format("GET http://slow.example:{}/: resolve slow.example: cancelled", peer.port()));
  }
  SUBCASE("before the first byte") {
    auto [result, took] = cancelled(bench, peer.url("/mute"), [&] { return peer.counts().requests == 1; });
    check(result, took, fmt::format("GET {}: waiting for the answer: cancelled", peer.url("/mute")));
  }
  SUBCASE("in the middle of the body") {
    auto [result, took] = cancelled(bench, peer.url("/body"), [&] { return peer.counts().requests == 1; });
    check(result, took, fmt::format("GET {}: waiting for the answer: cancelled", peer.url("/body")));
  }
  SUBCASE("before it began") {
    bench.stop.request(StopReason::shutdown);
    auto result = bench.get(peer.url("/mute"));
    check(result, 0ms, fmt::format("GET {}: before it was sent: the daemon is stopping", peer.url("/mute")));
    CHECK(peer.connections() == 0);
  }
  CHECK(peer.wait_for_open(0));
}

TEST_CASE("a stop ends a connect that nobody answers") {
  // A listener whose backlog is full drops further SYNs, like a host behind a silent firewall.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(listen(listener, 0) == 0);
  REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  std::vector<int> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    connect(fillers.back(), reinterpret_cast<sockaddr*>(&address), length);
  }
  const std::string url = fmt::format("http://127.0.0.1:{}/", ntohs(address.sin_port));
  ClientBench bench;

  auto late = bench.fetch({.url = url, .connect_timeout = 50ms});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(late.error().retryable);
  CHECK(late.error().message == fmt::format("GET {0}: connect to 127.0.0.1:{1}: no answer within 50 ms", url,
                                            ntohs(address.sin_port)));

  const std::size_t before = open_descriptors();
  auto [result, took] = cancelled(bench, url, [&] { return open_descriptors() == before + 1; });
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::cancelled);
  CHECK(took < 1000ms);
  CHECK(open_descriptors() == before);
  for (int filler : fillers) close(filler);
  close(listener);
}

TEST_CASE("a sink may stop its own exchange, and another one, from inside") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply().chunked().write("x").stall(); });
  ClientBench bench;
  Stop first, second;
  Collector a, b;
  Result<HttpHead> ra, rb;
  a.each = [&] {
    second.request(StopReason::cancelled);
    first.request(StopReason::budget);
  };
  auto run = [&](Collector& sink, Stop& stop, Result<HttpHead>& out) -> Task<> {
    HttpRequest request;
    request.url = peer.url();
    out = co_await bench.client.stream(std::move(request), sink, stop);
  };
  Nursery nursery(bench.loop);
  nursery.spawn("b", [&] { return run(b, second, rb); });
  CHECK(bench.until([&] { return b.body == "x"; }));
  nursery.spawn("a", [&] { return run(a, first, ra); });
  fakes::run(bench.loop, nursery.join());

  REQUIRE_FALSE(ra);
  CHECK(ra.error().message.ends_with("the budget is spent"));
  REQUIRE_FALSE(rb);
  CHECK(rb.error().code == ErrorCode::cancelled);
  CHECK(peer.wait_for_open(0));
}

TEST_CASE("a slow name server is waited for no longer than a connect may take, and few ask it at once") {
  SlowLookup slow;
  ClientBench bench({}, Guarding::open, slow.function());

  auto late = bench.fetch({.url = "http://slow.example/x", .connect_timeout = 30ms});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(late.error().message == "GET http://slow.example/x: resolve slow.example: no answer within 30 ms");
  auto deadline =
      bench.fetch({.url = "http://slow.example/x", .deadline = Deadline::after(bench.clock, 20ms)});
  CHECK(deadline.error().code == ErrorCode::timeout);
  CHECK(deadline.error().message.starts_with(
      "GET http://slow.example/x: resolve slow.example: no answer before the deadline"));
  CHECK(bench.until([&] { return slow.asked() == 1; }));

  Nursery nursery(bench.loop);
  Stop stop;
  std::vector<Result<HttpResponse>> out(200);
  for (int i = 0; i < 200; ++i)
    nursery.spawn("fetch", [&, i] {
      return one(bench.client, fmt::format("http://h{}.example/", i), stop, out[static_cast<std::size_t>(i)]);
    });
  CHECK(bench.until([&] { return slow.asked() == static_cast<int>(limits::kLookups); }));
  stop.request(StopReason::cancelled);
  fakes::run(bench.loop, nursery.join());
  CHECK(slow.asked() == static_cast<int>(limits::kLookups));
  CHECK(bench.client.in_flight() == 0);
}

TEST_CASE("five hundred cancels at any moment leave nothing behind") {
  const std::size_t before = open_descriptors();
  {
    HttpPeer peer([](const PeerRequest& request) {
      if (request.path == "/0") return PeerReply::silence();
      if (request.path == "/1")
        return PeerReply(200, std::string(50'000, 'x')).chunked({1000}).slowly(2000, 1ms);
      if (request.path == "/2") return PeerReply::sse({"a", "b", "c", "d"}, 2ms);
      return PeerReply(200, "quick");
    });
    ClientBench bench;
    std::mt19937 random(7);
    for (int round = 0; round < 10; ++round) {
      std::vector<std::unique_ptr<Stop>> stops;
      std::vector<Loop::Alarm> alarms;
      std::vector<Result<HttpResponse>> out(50);
      Nursery nursery(bench.loop);
      for (std::size_t i = 0; i < 50; ++i) {
        stops.push_back(std::make_unique<Stop>());
        nursery.spawn("fetch", [&, i] {
          return one(bench.client, peer.url(fmt::format("/{}", i % 4)), *stops[i], out[i]);
        });
        alarms.push_back(bench.loop.at(bench.clock.now() + Milliseconds(random() % 20),
                                       [stop = stops[i].get()] { stop->request(StopReason::cancelled); }));
      }
      fakes::run(bench.loop, nursery.join());
      for (const auto& result : out) CHECK((result || result.error().code == ErrorCode::cancelled));
    }
    CHECK(bench.client.in_flight() == 0);
    CHECK(peer.wait(
        [&](const HttpPeer::Counts& c) { return c.open <= 50; }));  // those of completed answers are kept
    CHECK(bench.get(peer.url("/quick"))->body == "quick");
  }
  CHECK(open_descriptors() == before);
}
