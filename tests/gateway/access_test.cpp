#include "gateway/access.h"

#include "gateway/listen.h"
#include "runtime/base/limits.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <openssl/sha.h>

using namespace troupe;
using namespace troupe::gateway;
using namespace std::chrono_literals;

namespace {

// A clock that stands still until it is moved.
struct ManualClock final : Clock {
  Instant at{};
  Instant now() const override { return at; }
  std::int64_t wall_ms() const override { return 0; }
};

std::string sha256(const std::string& text) {
  unsigned char digest[32];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hex;
  for (unsigned char byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

net::ServerRequest request(std::string host, std::string origin = "") {
  net::ServerRequest made;
  made.method = "GET";
  made.path = "/v1/chat";
  made.peer = "127.0.0.1";
  made.local = "127.0.0.1";
  made.loopback = true;
  made.headers.emplace_back("host", std::move(host));
  if (!origin.empty()) made.headers.emplace_back("origin", std::move(origin));
  return made;
}

int site(const Access& access, const net::ServerRequest& asked) {
  auto fine = access.check_site(asked);
  return fine ? 200 : fine.error().status;
}

int site(std::string host, std::string origin = "", ServerSettings settings = {}) {
  ManualClock clock;
  return site(Access(clock, settings), request(std::move(host), std::move(origin)));
}

net::ServerRequest bearing(std::string token, std::string peer = "203.0.113.5") {
  net::ServerRequest made = request("localhost");
  made.peer = std::move(peer);
  made.loopback = false;
  made.headers.emplace_back("authorization", "Bearer " + std::move(token));
  return made;
}

ServerSettings with_tokens() {
  ServerSettings settings;
  settings.tokens = {{"web", sha256("alpha"), "acme"}, {"ops", sha256("beta"), "default"}};
  return settings;
}

}  // namespace

TEST_CASE("a Host that is not ours is refused: a foreign name may point at this machine") {
  for (std::string host : {"127.0.0.1:7420", "127.0.0.1", "127.8.9.1:1", "localhost:7420", "LOCALHOST",
                           "[::1]:7420", "[0:0::1]"})
    CHECK_MESSAGE(site(host) == 200, host);
  for (std::string host :
       {"evil.example", "evil.example:7420", "localhost.evil.example", "127.0.0.1.evil.example",
        "192.168.1.5", "0.0.0.0", "10.0.0.1:7420", "[::2]", "169.254.169.254"})
    CHECK_MESSAGE(site(host) == 403, host);
  for (std::string host :
       {"", "localhost:", "localhost:0", "localhost:65536", "localhost:+5", "localhost:-5", "localhost:80x",
        "a b", "user@localhost", "localhost/path", "[::1", "::1", "[localhost]", "localhost:80:80", "a,b"})
    CHECK_MESSAGE(site(host) == 400, host);
}

TEST_CASE("a Host may be the address the peer reached us at, and what server.auth.hosts names") {
  ServerSettings settings;
  settings.hosts = {"chat.example", "other.example:8443"};
  CHECK(site("chat.example", "", settings) == 200);
  CHECK(site("Chat.Example:443", "", settings) == 200);
  CHECK(site("other.example:8443", "", settings) == 200);
  CHECK(site("other.example", "", settings) == 403);

  ManualClock clock;
  Access access(clock, settings);
  auto lan = request("192.168.1.5:7420");
  lan.local = "192.168.1.5";
  CHECK(site(access, lan) == 200);
  lan.headers[0].second = "192.168.1.6:7420";
  CHECK(site(access, lan) == 403);
}

TEST_CASE("an Origin that is not ours is refused, null always; without one a client is no page") {
  ServerSettings settings;
  settings.origins = {"https://chat.example", "http://localhost:3000", "HTTPS://Upper.Example:443"};
  const auto from = [&](std::string origin) { return site("127.0.0.1:7420", std::move(origin), settings); };
  CHECK(from("") == 200);
  CHECK(from("http://127.0.0.1:7420") == 200);  // ourselves
  CHECK(from("https://chat.example") == 200);
  CHECK(from("https://chat.example:443") == 200);
  CHECK(from("https://CHAT.example") == 200);
  CHECK(from("http://localhost:3000") == 200);
  CHECK(from("https://upper.example") == 200);
  for (std::string origin :
       {"null", "NULL", "https://evil.example", "http://chat.example", "https://chat.example:8443",
        "https://chat.example.evil.example", "http://127.0.0.1:7421", "http://127.0.0.1",
        "https://127.0.0.1:7420", "http://localhost:7420", "file://", "chrome-extension://abc",
        "https://chat.example/path", "https://user@chat.example", "*", " ", "https://",
        "https://chat.example https://x"})
    CHECK_MESSAGE(from(origin) == 403, origin);

  auto twice = request("127.0.0.1:7420", "https://chat.example");
  twice.headers.emplace_back("origin", "https://evil.example");
  ManualClock clock;
  CHECK(site(Access(clock, settings), twice) == 403);
}

TEST_CASE("same origin knows default ports, TLS of ours and TLS of a proxy of ours") {
  ManualClock clock;
  ServerSettings settings;
  settings.hosts = {"chat.example"};
  Access access(clock, settings);
  CHECK(site(access, request("localhost", "http://localhost")) == 200);
  CHECK(site(access, request("localhost", "http://localhost:80")) == 200);
  CHECK(site(access, request("localhost", "https://localhost")) == 403);
  CHECK(site(access, request("chat.example", "https://chat.example")) == 200);  // the proxy speaks TLS
  CHECK(site(access, request("chat.example", "http://chat.example")) == 200);
  auto tls = request("localhost:7420", "https://localhost:7420");
  tls.tls = true;
  CHECK(site(access, tls) == 200);
  tls.headers[1].second = "http://localhost:7420";
  CHECK(site(access, tls) == 403);
}

TEST_CASE("without tokens this machine is the principal local, others are nobody") {
  ManualClock clock;
  Access access(clock, {});
  auto local = access.authenticate(request("localhost"));
  REQUIRE(local);
  CHECK(local->name == "local");
  CHECK(local->tenant == "default");
  auto remote = access.authenticate(bearing("anything"));
  REQUIRE_FALSE(remote);
  CHECK(remote.error().status == 401);
}

TEST_CASE("a token names its principal; with tokens configured this machine needs one, too") {
  ManualClock clock;
  Access access(clock, with_tokens());
  auto web = access.authenticate(bearing("alpha"));
  REQUIRE(web);
  CHECK(web->name == "web");
  CHECK(web->tenant == "acme");
  CHECK(access.authenticate(bearing("beta"))->name == "ops");
  auto local = access.authenticate(request("localhost"));
  REQUIRE_FALSE(local);
  CHECK(local.error().status == 401);
  CHECK(local.error().headers[0].first == "WWW-Authenticate");
  for (std::string wrong : {std::string("alph"), std::string("alphaa"), std::string("Alpha"),
                            std::string("alpha beta"), std::string(), sha256("alpha")}) {
    auto refused = access.authenticate(bearing(wrong, "203.0.113." + std::to_string(wrong.size())));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().status == 401);
    CHECK(refused.error().body.find("alpha") == std::string::npos);
  }
}

TEST_CASE("a token is read from the header in any case, or from a subprotocol, and from nowhere else") {
  net::ServerRequest asked = request("localhost");
  CHECK(bearer_token(asked).empty());
  asked.query = "token=alpha&access_token=alpha";
  asked.headers.emplace_back("cookie", "token=alpha; Authorization=Bearer alpha");
  asked.headers.emplace_back("x-api-key", "alpha");
  CHECK(bearer_token(asked).empty());
  asked.headers.emplace_back("sec-websocket-protocol", "troupe.v1, bearer.YWxwaGE");
  CHECK(bearer_token(asked) == "alpha");
  asked.headers.back().second = "bearer.YWxwaGE=";
  CHECK(bearer_token(asked) == "alpha");
  asked.headers.back().second = "bearer.YWx*aGE";
  CHECK(bearer_token(asked).empty());
  asked.headers.emplace_back("authorization", "bEaReR   beta ");
  CHECK(bearer_token(asked) == "beta");
  asked.headers.back().second = "Basic YWxwaGE6";
  asked.headers[asked.headers.size() - 2].second = "troupe.v1";
  CHECK(bearer_token(asked).empty());
  CHECK(offered_subprotocols(asked) == std::vector<std::string>{"troupe.v1"});
}

TEST_CASE(
    "an address with too many wrong tokens must wait, a right one then does not help, others are untouched") {
  ManualClock clock;
  Access access(clock, with_tokens());
  for (int i = 0; i < limits::kAuthFailures; ++i)
    CHECK(access.authenticate(bearing("guess")).error().status == 401);
  auto blocked = access.authenticate(bearing("alpha"));
  REQUIRE_FALSE(blocked);
  CHECK(blocked.error().status == 429);
  CHECK(blocked.error().headers[0].first == "Retry-After");
  CHECK(std::stoi(blocked.error().headers[0].second) >= 1);
  CHECK(access.authenticate(bearing("alpha", "203.0.113.6")).has_value());

  clock.at += limits::kAuthRefill + 1s;
  CHECK(access.authenticate(bearing("alpha")).has_value());
  CHECK(access.authenticate(bearing("guess")).error().status == 401);
  CHECK(access.authenticate(bearing("guess")).error().status == 429);
  clock.at += 1h;
  for (int i = 0; i < limits::kAuthFailures; ++i)
    CHECK(access.authenticate(bearing("guess")).error().status == 401);
}

TEST_CASE("a request without a token is no guess") {
  ManualClock clock;
  Access access(clock, with_tokens());
  for (int i = 0; i < 100; ++i) CHECK(access.authenticate(request("localhost")).error().status == 401);
}

TEST_CASE("who guesses from many addresses is still bounded, and IPv6 counts by network") {
  AuthLimiter limiter;
  Instant now{};
  for (int i = 0; i < 100'000; ++i)
    limiter.failed(fmt::format("10.{}.{}.{}", i >> 16, i >> 8 & 255, i & 255), now);
  CHECK(limiter.size() == limits::kAuthAddresses);
  for (int i = 0; i < limits::kAuthFailures; ++i) limiter.failed(fmt::format("2001:db8::{:x}", i), now);
  CHECK(limiter.blocked("2001:db8::ffff", now) > 0ms);
  CHECK(limiter.blocked("2001:db8:0:1::1", now) == 0ms);
}

TEST_CASE("a reloaded configuration replaces tokens, hosts and origins") {
  ManualClock clock;
  Access access(clock, with_tokens());
  ServerSettings next;
  next.tokens = {{"new", sha256("gamma"), "default"}};
  next.origins = {"https://chat.example"};
  access.reconfigure(next);
  CHECK_FALSE(access.authenticate(bearing("alpha")).has_value());
  CHECK(access.authenticate(bearing("gamma")).has_value());
  CHECK(site(access, request("localhost", "https://chat.example")) == 200);
}

TEST_CASE("where to listen is read, and what is not safe is refused") {
  CHECK(parse_listen("127.0.0.1:7420")->port == 7420);
  CHECK(parse_listen("127.0.0.1:0")->loopback);
  CHECK(parse_listen("localhost:1")->address == "127.0.0.1");
  CHECK(parse_listen("[::1]:1")->address == "::1");
  CHECK(parse_listen("[::1]:1")->loopback);
  CHECK(parse_listen("*:1")->address == "::");
  CHECK_FALSE(parse_listen("0.0.0.0:1")->loopback);
  for (std::string listen :
       {"", "7420", ":7420", ":7420x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:65536",
        "127.0.0.1:1 ", "example.org:1", "::1:1", "[::1:1", "256.0.0.1:1", "[127.0.0.1]:1", "*", "**:1",
        "*.example:1", "http://127.0.0.1:1", "localhost.example:1"}) {
    auto at = parse_listen(listen);
    REQUIRE_MESSAGE(!at.has_value(), listen);
    CHECK_FALSE(at.error().message.empty());
    ServerSettings unreadable = with_tokens();
    unreadable.listen = listen;
    CHECK(check_listen(unreadable).error().message.starts_with("server.listen `" + listen + "`: "));
  }
  CHECK(parse_listen("example.org:1").error().message.find("a name may lead anywhere") != std::string::npos);
  CHECK(parse_listen("LocalHost:1")->loopback);
  CHECK(parse_listen("[::ffff:127.0.0.1]:1")->loopback);
  CHECK(base_url(*parse_listen("[::1]:80"), false) == "http://[::1]:80");
  CHECK(base_url(*parse_listen("127.0.0.1:443"), true) == "https://127.0.0.1:443");

  ServerSettings settings;
  CHECK(check_listen(settings));
  const auto refused = [](const ServerSettings& wrong, const std::string& key) {
    auto checked = check_listen(wrong);
    return !checked && checked.error().code == ErrorCode::invalid &&
           checked.error().message.find(key) != std::string::npos;
  };
  for (std::string open : {"0.0.0.0:7420", "[::]:7420", "*:7420", "192.168.1.5:7420"}) {
    settings.listen = open;
    CHECK(refused(settings, "server.auth.tokens"));
    ServerSettings safe = with_tokens();
    safe.listen = open;
    CHECK(check_listen(safe));
  }
  settings = with_tokens();
  settings.tokens[1].sha256 = "beta";
  CHECK(refused(settings, "`ops`"));
  settings = {};
  settings.tls_key = "/key.pem";
  CHECK(refused(settings, "server.tls"));
  settings = {};
  settings.origins = {"chat.example"};
  CHECK(refused(settings, "server.auth.origins"));
  settings = {};
  settings.hosts = {"https://chat.example"};
  CHECK(refused(settings, "server.auth.hosts"));
}
