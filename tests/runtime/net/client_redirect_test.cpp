#include "tests/runtime/net/client_bench.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::net;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

TEST_CASE("a redirect is an answer like any other unless redirects are allowed") {
  HttpPeer peer([](const PeerRequest& request) {
    return request.path == "/to" ? PeerReply(200, "there") : PeerReply::redirect("to").write("moved");
  });
  ClientBench bench;

  auto plain = bench.get(peer.url("/from"));
  REQUIRE(plain);
  CHECK(plain->status == 302);
  CHECK(plain->body == "moved");

  Collector sink;
  auto followed = bench.stream({.url = peer.url("/from"), .redirects_max = 1}, sink);
  REQUIRE(followed);
  CHECK(followed->status == 200);
  CHECK(followed->url == peer.url("/to"));
  CHECK(sink.body == "there");
  CHECK(sink.heads.size() == 1);
  CHECK(peer.connections() == 1);
}

TEST_CASE("redirects are counted, loops end") {
  HttpPeer peer([](const PeerRequest& request) {
    int n = std::stoi(request.path.substr(1));
    return n == 0 ? PeerReply(200, "done") : PeerReply::redirect(fmt::format("/{}", n - 1), 307);
  });
  ClientBench bench;
  CHECK(bench.fetch({.url = peer.url("/3"), .redirects_max = 3})->body == "done");
  auto over = bench.fetch({.url = peer.url("/4"), .redirects_max = 3});
  REQUIRE_FALSE(over);
  CHECK(over.error().code == ErrorCode::protocol);
  CHECK(over.error().message == fmt::format("GET {}: gave up after 3 redirects", peer.url("/1")));

  peer.answer([](const PeerRequest&) { return PeerReply::redirect("/again"); });
  CHECK_FALSE(bench.fetch({.url = peer.url("/again"), .redirects_max = 5}));
}

TEST_CASE("what may be a secret stays with the host it was meant for") {
  HttpPeer other([](const PeerRequest&) { return PeerReply(200, "other"); });
  HttpPeer peer([&](const PeerRequest& request) {
    if (request.path == "/away") return PeerReply::redirect(other.url("/x"));
    if (request.path == "/name")
      return PeerReply::redirect(fmt::format("http://localhost:{}/here", request.param("port")));
    if (request.path == "/scheme") return PeerReply::redirect(fmt::format("//127.0.0.1:{}/x", other.port()));
    if (request.path == "/near") return PeerReply::redirect("/here");
    return PeerReply(200, "here");
  });
  ClientBench bench;
  auto fetch = [&](std::string path) {
    std::string url = peer.url(path);
    url.insert(url.find("127"), "user:pass@");
    HttpRequest request{.url = std::move(url),
                        .headers = {{"Authorization", "Bearer k"},
                                    {"x-api-key", "k"},
                                    {"Cookie", "c"},
                                    {"Accept", "text/html"}},
                        .redirects_max = 2};
    REQUIRE(bench.fetch(std::move(request)));
  };

  fetch("/near");
  CHECK(peer.requests().back().header("authorization") == "Bearer k");
  CHECK(peer.requests().back().header("x-api-key") == "k");
  for (std::string path : {"/away", "/scheme"}) {
    fetch(path);
    CHECK_FALSE(other.requests().back().has_header("authorization"));
    CHECK_FALSE(other.requests().back().has_header("x-api-key"));
    CHECK_FALSE(other.requests().back().has_header("cookie"));
    CHECK(other.requests().back().header("accept") == "text/html");
  }
  fetch(fmt::format("/name?port={}", peer.port()));  // another name for the same machine is another host
  CHECK_FALSE(peer.requests().back().has_header("x-api-key"));
  CHECK_FALSE(peer.requests().back().has_header("authorization"));
}

TEST_CASE("the method changes as the status says") {
  HttpPeer peer([](const PeerRequest& request) {
    if (request.path == "/here") return PeerReply(200, request.method + ":" + request.body);
    return PeerReply::redirect("/here", std::stoi(request.path.substr(1)));
  });
  ClientBench bench;
  auto result = [&](std::string method, int status) {
    HttpRequest request{.method = std::move(method),
                        .url = peer.url(fmt::format("/{}", status)),
                        .headers = {{"Content-Type", "text/plain"}},
                        .body = "b",
                        .redirects_max = 1};
    auto answer = bench.fetch(std::move(request));
    REQUIRE(answer);
    return answer->body;
  };

  CHECK(result("POST", 301) == "GET:");
  CHECK_FALSE(peer.requests().back().has_header("content-type"));
  CHECK(result("POST", 302) == "GET:");
  CHECK(result("POST", 303) == "GET:");
  CHECK(result("PUT", 303) == "GET:");
  CHECK(result("POST", 307) == "POST:b");
  CHECK(peer.requests().back().header("content-type") == "text/plain");
  CHECK(result("PUT", 301) == "PUT:b");
  CHECK(result("POST", 308) == "POST:b");
}

TEST_CASE("a redirect leads to http and https only, and to something that is a URL") {
  std::string target;
  HttpPeer peer([&](const PeerRequest&) { return PeerReply::redirect(target); });
  ClientBench bench;
  auto code = [&](std::string location) {
    target = std::move(location);
    auto answer = bench.fetch({.url = peer.url(), .redirects_max = 3});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.find("redirected") != std::string::npos);
    return answer.error().code;
  };

  CHECK(code("file:///etc/passwd") == ErrorCode::denied);
  CHECK(code("ftp://127.0.0.1/x") == ErrorCode::denied);
  CHECK(code("gopher://127.0.0.1:70/_x") == ErrorCode::denied);
  CHECK(code("http://[::1/") == ErrorCode::invalid);
  CHECK(code("http://127.0.0.1:99999/") == ErrorCode::invalid);
}

TEST_CASE("a redirect's own body is read only as far as it is worth the connection") {
  HttpPeer peer([](const PeerRequest& request) {
    if (request.path == "/to") return PeerReply(200, "there");
    if (request.path == "/huge") return PeerReply::redirect("/to").write(std::string(1'000'000, 'r'));
    return PeerReply::redirect("/to").chunked().write("x").stall();
  });
  ClientBench bench;

  CHECK(bench.fetch({.url = peer.url("/huge"), .body_max = 10, .redirects_max = 1})->body == "there");
  auto stalls =
      bench.fetch({.url = peer.url("/stalls"), .idle_timeout = Milliseconds(50), .redirects_max = 1});
  CHECK(stalls.error().code == ErrorCode::timeout);
}
