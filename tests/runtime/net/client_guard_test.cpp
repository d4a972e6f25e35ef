#include "tests/runtime/net/client_bench.h"

#include <netinet/in.h>
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

/// A listener that must never be reached, on 127.0.0.1 and, where there is IPv6, on ::1 with the same port.
class Canary {
 public:
  Canary() : peer_([](const PeerRequest&) { return PeerReply(200, "caught"); }) {
    v6_ = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = in6addr_loopback;
    address.sin6_port = htons(peer_.port());
    if (v6_ >= 0 &&
        (bind(v6_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(v6_, 8) != 0)) {
      close(v6_);
      v6_ = -1;
    }
  }
  ~Canary() {
    if (v6_ >= 0) close(v6_);
  }
  Canary(const Canary&) = delete;
  Canary& operator=(const Canary&) = delete;

  std::uint16_t port() const { return peer_.port(); }
  bool silent() const {
    const int caught = v6_ >= 0 ? accept(v6_, nullptr, nullptr) : -1;
    if (caught >= 0) close(caught);
    return peer_.connections() == 0 && caught < 0;
  }

 private:
  HttpPeer peer_;
  int v6_ = -1;
};

/// Names for tests: nothing is asked of the machine's own resolver.
Resolver::Lookup names(std::vector<std::pair<std::string, std::vector<std::string>>> table) {
  return [table](const std::string& host) -> Result<std::vector<Address>> {
    for (const auto& [name, addresses] : table) {
      if (name != host) continue;
      std::vector<Address> out;
      for (const auto& address : addresses) out.push_back(*Address::parse(address));
      return out;
    }
    return fail(ErrorCode::network, "resolve " + host + ": no such name");
  };
}

}  // namespace

TEST_CASE("no spelling of a private address gets through to it") {
  Canary canary;
  ClientBench bench({}, Guarding::guarded,
                    names({{"loop.example", {"127.0.0.1"}},
                           {"loop6.example", {"::1"}},
                           {"mapped.example", {"::ffff:127.0.0.1"}},
                           {"mixed.example", {"93.184.216.34", "127.0.0.1"}},
                           {"meta.example", {"169.254.169.254"}},
                           {"zero.example", {"0.0.0.0"}},
                           {"localtest.me", {"127.0.0.1"}}}));
  // P is the canary's port. Whatever of these a parser takes for a host, none may reach this machine.
  const char* const urls[] = {"http://127.0.0.1:P/",
                              "https://127.0.0.1:P/",
                              "http://127.0.0.2:P/",
                              "http://127.255.255.254:P/",
                              "http://127.1:P/",
                              "http://127.0.1:P/",
                              "http://2130706433:P/",
                              "http://0x7f000001:P/",
                              "http://0X7F.0.0.1:P/",
                              "http://0x7f.0x0.0x0.0x1:P/",
                              "http://0177.0.0.1:P/",
                              "http://0177.0.0.01:P/",
                              "http://00000000177.1:P/",
                              "http://017700000001:P/",
                              "http://127.0.0.1.:P/",
                              "http://127.1.:P/",
                              "http://2130706433.:P/",
                              "http://0x7f.1:P/",
                              "http://0:P/",
                              "http://0.0.0.0:P/",
                              "http://0x0:P/",
                              "http://00.0.0.0:P/",
                              "http://[::1]:P/",
                              "http://[0:0:0:0:0:0:0:1]:P/",
                              "http://[::ffff:127.0.0.1]:P/",
                              "http://[::ffff:7f00:1]:P/",
                              "http://[0:0:0:0:0:ffff:7f00:0001]:P/",
                              "http://[::127.0.0.1]:P/",
                              "http://[::]:P/",
                              "http://[::1%25lo]:P/",
                              "http://[64:ff9b::127.0.0.1]:P/",
                              "http://[2002:7f00:1::]:P/",
                              "http://[fe80::1]:P/",
                              "http://[fe80::1%25eth0]:P/",
                              "http://[fd00:ec2::254]/",
                              "http://[fc00::1]:P/",
                              "http://[ff02::1]:P/",
                              "http://localhost:P/",
                              "http://LOCALHOST:P/",
                              "http://localhost.:P/",
                              "http://a.localhost:P/",
                              "http://..localhost:P/",
                              "http://user@127.0.0.1:P/",
                              "http://user:pass@127.0.0.1:P/",
                              "http://example.com@127.0.0.1:P/",
                              "http://example.com:80@127.0.0.1:P/",
                              "http://example.com%40127.0.0.1:P/",
                              "http://127.0.0.1:P#@example.com/",
                              "http://127.0.0.1:P\\@example.com/",
                              "http://example.com#@127.0.0.1:P/",
                              "http://127.0.0.1:P?@example.com/",
                              "http://example.com:P@localhost:P/",
                              "http:127.0.0.1:P/",
                              "http:/127.0.0.1:P/",
                              "http:///127.0.0.1:P/",
                              "http://%31%32%37.0.0.1:P/",
                              "http://127%2e0%2e0%2e1:P/",
                              "http://\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1:P/",
                              "http://127\xe3\x80\x82"
                              "0\xe3\x80\x82"
                              "0\xe3\x80\x82"
                              "1:P/",
                              "http://\xe2\x93\x9bocalhost:P/",
                              "http://127.0.0.1\t:P/",
                              "http:// 127.0.0.1:P/",
                              "http://127.0.0.1:P\r\nHost: example.com/",
                              "http://10.0.0.1/",
                              "http://172.16.0.1/",
                              "http://172.31.255.255/",
                              "http://192.168.1.1/",
                              "http://169.254.169.254/latest/meta-data/",
                              "http://2852039166/",
                              "http://0xa9fea9fe/",
                              "http://0251.0376.0251.0376/",
                              "http://[::ffff:a9fe:a9fe]/",
                              "http://100.64.0.1/",
                              "http://100.100.100.200/",
                              "http://168.63.129.16/",
                              "http://192.0.0.192/",
                              "http://198.18.0.1/",
                              "http://224.0.0.1/",
                              "http://255.255.255.255/",
                              "http://240.0.0.1/",
                              "http://loop.example:P/",
                              "http://LOOP.example.:P/",
                              "http://loop6.example:P/",
                              "http://mapped.example:P/",
                              "http://mixed.example:P/",
                              "http://meta.example/",
                              "http://zero.example:P/",
                              "http://localtest.me:P/",
                              "file:///etc/passwd",
                              "gopher://127.0.0.1:P/_x",
                              "dict://127.0.0.1:P/x",
                              "ftp://127.0.0.1:P/",
                              "ws://127.0.0.1:P/",
                              "telnet://127.0.0.1:P",
                              "127.0.0.1:P",
                              "//127.0.0.1:P/",
                              "http://256.256.256.256:P/",
                              "http://127.0.0.1.example:P/",
                              "http://1.2.3.4.5:P/",
                              "http://127.0.0.0x1:P/",
                              "http://4294967296:P/",
                              "http://0x17f000001:P/",
                              "http://127.0.0.1:P:80/",
                              "http://[127.0.0.1]:P/",
                              "http://[::1:P/",
                              "jar:http://127.0.0.1:P/",
                              "javascript:alert(1)",
                              "data:text/plain,x",
                              "http://",
                              "http://:P/",
                              "http://@:P/"};
  int denied = 0;
  for (std::string url : urls) {
    CAPTURE(url);
    for (std::size_t at; (at = url.find(":P")) != url.npos;)
      url.replace(at + 1, 1, std::to_string(canary.port()));
    auto answer = bench.fetch({.url = url, .connect_timeout = 300ms, .redirects_max = 5});
    REQUIRE_FALSE(answer);
    CAPTURE(answer.error().message);
    // Names that do not exist are network errors; everything else is refused or not a URL.
    const bool expected = answer.error().code == ErrorCode::denied ||
                          answer.error().code == ErrorCode::invalid ||
                          answer.error().message.find("no such name") != std::string::npos;
    CHECK(expected);
    denied += answer.error().code == ErrorCode::denied ? 1 : 0;
  }
  CHECK(std::size(urls) >= 100);
  CHECK(denied >= 70);
  CHECK(canary.silent());
}

TEST_CASE("a refusal in a fetch reads well") {
  ClientBench bench({}, Guarding::guarded, names({{"intra.example", {"10.1.2.3"}}}));
  auto refused = bench.get("http://intra.example/x?key=s");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "GET http://intra.example/x: intra.example resolves to 10.1.2.3, which is refused by the rule "
        "private (10.0.0.0/8); "
        "network.allow_private can make an exception");
}

TEST_CASE("no redirect leads to a private address, and each hop is judged") {
  Canary canary;
  std::string location;
  HttpPeer peer([&](const PeerRequest& request) {
    if (request.path == "/twice") return PeerReply::redirect("/");
    return PeerReply::redirect(location, 307);
  });
  ClientBench bench({.allow_private = {"friend.example"}}, Guarding::guarded,
                    names({{"friend.example", {"127.0.0.1"}}, {"evil.example", {"127.0.0.1"}}}));
  for (std::string target :
       {"http://127.0.0.1:P/", "//127.0.0.1:P/", "http://2130706433:P/", "http://[::1]:P/",
        "http://localhost:P/", "http://evil.example:P/", "http://169.254.169.254/latest",
        "http://user@127.0.0.1:P/", "https://127.0.0.1:P/"}) {
    CAPTURE(target);
    if (const auto at = target.find(":P"); at != target.npos)
      target.replace(at + 1, 1, std::to_string(canary.port()));
    location = target;
    for (std::string path : {"/", "/twice"}) {
      auto answer = bench.fetch({.url = peer.url_as("friend.example", path), .redirects_max = 5});
      REQUIRE_FALSE(answer);
      CHECK(answer.error().code == ErrorCode::denied);
    }
  }
  CHECK(peer.requests().size() == 27);
  CHECK(canary.silent());
}

TEST_CASE("an exception opens the way to what it names") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "inside"); });
  auto table = names({{"crm.internal", {"127.0.0.1"}}, {"other.internal", {"127.0.0.1"}}});
  ClientBench by_name({.allow_private = {"crm.internal"}}, Guarding::guarded, table);
  CHECK(by_name.get(peer.url_as("crm.internal"))->body == "inside");
  CHECK(by_name.get(peer.url_as("CRM.internal."))->body == "inside");
  CHECK(by_name.get(peer.url_as("other.internal")).error().code == ErrorCode::denied);
  CHECK(by_name.get(peer.url()).error().code == ErrorCode::denied);

  ClientBench by_block({.allow_private = {"127.0.0.0/8"}}, Guarding::guarded, table);
  CHECK(by_block.get(peer.url_as("other.internal"))->body == "inside");
  CHECK(by_block.get(peer.url())->body == "inside");

  ClientBench broken({.allow_private = {"127.0.0.1", "not/a/block"}}, Guarding::guarded, table);
  CHECK(broken.get(peer.url()).error().code ==
        ErrorCode::denied);  // a list that cannot be read excepts nothing
}

TEST_CASE("the address that is really connected to is judged, whatever was resolved before") {
  Canary canary;
  SystemClock clock;
  Loop loop(clock);
  CurlPoller poller(loop, [] {});
  TlsRoots roots(loop, "");
  OutboundGuard strict;
  auto lenient = OutboundGuard::make({"rebound.example"});
  REQUIRE(lenient);
  CurlCommon common{.clock = clock, .poller = poller, .guard = &strict, .roots = roots};
  int kicks = 0;
  CurlShard shard(loop, common, [&] { ++kicks; });
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "x"); });
  Collector sink;
  auto fetch = [&](std::uint16_t port) {
    HttpRequest request{.url = fmt::format("http://rebound.example:{}/", port)};
    auto url = std::make_shared<const Url>(std::move(*Url::parse(request.url)));
    CurlTransfer& transfer = shard.acquire();
    transfer.prepare(
        {.request = &request,
         .url = url,
         .sink = &sink,
         .route = {.resolve = fmt::format("+rebound.example:{}:127.0.0.1", port), .generation = 1}});
    OneShot<bool> done(loop);
    REQUIRE(shard.start(transfer, done));
    for (const Instant end = clock.now() + fakes::kMaxTestWait; !done.is_set() && clock.now() < end;) {
      shard.settle();
      loop.context().restart();
      loop.context().run_for(1ms);
    }
    CHECK(done.is_set());
    const Ended ended = transfer.ended();
    const std::string denial = transfer.denial() ? transfer.denial()->message : "";
    shard.release(transfer);
    return std::pair(ended, denial);
  };

  auto [opened, why] = fetch(canary.port());
  CHECK(opened == Ended::denied);
  CHECK(why.starts_with("rebound.example resolves to 127.0.0.1"));
  CHECK(canary.silent());

  common.guard = &*lenient;
  CHECK(fetch(peer.port()).first == Ended::no);
  common.guard = &strict;  // and now a connection is kept that would not be opened
  CHECK(fetch(peer.port()).first == Ended::denied);
  CHECK(peer.connections() == 1);
  CHECK(peer.requests().size() == 1);
}

TEST_CASE("behind a proxy what can be judged here still is") {
  HttpPeer proxy([](const PeerRequest&) { return PeerReply(200, "by proxy"); });
  NetworkSettings settings{.proxy = fmt::format("127.0.0.1:{}", proxy.port())};
  ClientBench bench(settings, Guarding::guarded,
                    names({{"public.example", {"93.184.216.34"}}, {"intra.example", {"10.0.0.1"}}}));

  CHECK(bench.get("http://public.example/")->body == "by proxy");
  CHECK(bench.get("http://known-to-the-proxy.example/")->body == "by proxy");
  CHECK(bench.get("http://intra.example/").error().code == ErrorCode::denied);
  CHECK(bench.get("http://127.0.0.1/").error().code == ErrorCode::denied);
  CHECK(bench.get("http://169.254.169.254/").error().code == ErrorCode::denied);
  CHECK(proxy.requests().size() == 2);
}
