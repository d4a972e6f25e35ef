#include "tests/runtime/net/client_bench.h"

#include <sys/resource.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::net;
using namespace std::chrono_literals;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

Task<> count_ok(CurlClient& client, std::string url, Stop& stop, int& ok, std::string& failure) {
  HttpRequest request;
  request.url = std::move(url);
  auto answer = co_await client.fetch(std::move(request), stop);
  if (answer && answer->status == 200)
    ++ok;
  else
    failure = answer ? std::to_string(answer->status) : answer.error().message;
}

/// The test holds both ends of a thousand connections.
void allow_descriptors(rlim_t count) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= count) return;
  limit.rlim_cur = std::min(count, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
}

/// Runs `count` fetches at once; gives how many had status 200.
int at_once(ClientBench& bench, const std::string& url, int count,
            std::function<void()> meanwhile = nullptr) {
  Nursery nursery(bench.loop);
  int ok = 0;
  std::string failure;
  for (int i = 0; i < count; ++i)
    nursery.spawn("fetch", [&] { return count_ok(bench.client, url, bench.stop, ok, failure); });
  if (meanwhile) meanwhile();
  fakes::run(bench.loop, nursery.join());
  CAPTURE(failure);
  CHECK(ok == count);
  return ok;
}

}  // namespace

TEST_CASE("requests one after another share a connection") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "x"); });
  ClientBench bench;
  for (int i = 0; i < 50; ++i) CHECK(bench.get(peer.url("/" + std::to_string(i))));
  CHECK(peer.connections() == 1);
  CHECK(bench.client.shards() == 1);
}

TEST_CASE("a thousand exchanges run at once, over several shards, and give everything back") {
  allow_descriptors(4096);
  const std::size_t before = open_descriptors();
  {
    HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "together").held(); });
    ClientBench bench;
    at_once(bench, peer.url(), 1000, [&] {
      CHECK(bench.until([&] { return peer.counts().held == 1000; }));
      CHECK(bench.client.in_flight() == 1000);
      CHECK(bench.client.shards() == 16);
      peer.release();
    });
    CHECK(bench.client.in_flight() == 0);
    peer.answer([](const PeerRequest&) { return PeerReply(200, "again"); });
    const std::size_t connections = peer.connections();
    at_once(bench, peer.url(), 1000);
    CHECK(peer.connections() == connections);  // all kept, all used again
  }
  CHECK(open_descriptors() == before);
}

TEST_CASE("a server that restarts behind idle connections costs no request") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "x").held(); });
  ClientBench bench;
  auto wave = [&] {
    at_once(bench, peer.url(), 64, [&] {
      CHECK(bench.until([&] { return peer.counts().held == 64; }));
      peer.release();
    });
  };
  wave();
  CHECK(peer.open() == 64);

  peer.down();
  peer.up();
  CHECK(peer.wait_for_open(0));
  wave();

  CHECK(peer.connections() == 128);
}

TEST_CASE("idle connections that the server closed do not keep the loop busy") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "x"); });
  ClientBench bench;
  at_once(bench, peer.url(), 8);
  peer.drop_connections();
  CHECK(peer.wait_for_open(0));
  auto cpu = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return Milliseconds(time.tv_sec * 1000 + time.tv_nsec / 1'000'000);
  };

  const auto before = cpu();
  Stop never;
  fakes::run(bench.loop, bench.loop.sleep_for(200ms, never));

  CHECK(cpu() - before < 100ms);
  CHECK(bench.get(peer.url()));
}

TEST_CASE("a POST is not sent twice when a kept connection dies under it; a GET is") {
  HttpPeer peer([](const PeerRequest& request) {
    return request.path == "/dies" && request.connection == 1 ? PeerReply::hang_up() : PeerReply(200, "x");
  });
  ClientBench bench;
  CHECK(bench.get(peer.url()));
  HttpRequest post{.method = "POST", .url = peer.url("/dies"), .body = "effect"};

  auto answer = bench.fetch(std::move(post));

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::network);
  CHECK(answer.error().retryable);
  CHECK(answer.error().message.find("a POST is not sent twice") != std::string::npos);
  CHECK(peer.requests().size() == 2);

  HttpPeer second([](const PeerRequest& request) {
    return request.path == "/dies" && request.connection == 1 ? PeerReply::hang_up() : PeerReply(200, "x");
  });
  CHECK(bench.get(second.url()));
  CHECK(bench.get(second.url("/dies")));
  CHECK(second.requests().size() == 3);
}

TEST_CASE("a client without file descriptors says so") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "x"); });
  ClientBench bench;
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const int lowest = dup(0);  // the next free number
  close(lowest);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(lowest);
  setrlimit(RLIMIT_NOFILE, &none);
  auto answer = bench.get(peer.url());
  setrlimit(RLIMIT_NOFILE, &before);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().retryable);
  CHECK(answer.error().message.find("no file descriptor left") != std::string::npos);
  CHECK(bench.get(peer.url()));
}
