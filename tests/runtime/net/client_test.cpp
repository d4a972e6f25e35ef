#include "tests/runtime/net/client_bench.h"

#include <cstdlib>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::net;
using namespace std::chrono_literals;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

HttpPeer::Handler always(PeerReply reply) {
  return [reply](const PeerRequest&) { return reply; };
}

}  // namespace

TEST_CASE("an answer of any status comes back whole, with its headers in lower case and in order") {
  HttpPeer peer(
      always(PeerReply(503, "busy").header("X-One", "1").header("x-two", "a").header("X-Two", "b")));
  ClientBench bench;

  auto answer = bench.get(peer.url("/p?q=1"));

  REQUIRE(answer);
  CHECK(answer->status == 503);
  CHECK(answer->body == "busy");
  CHECK(answer->header("x-one") == "1");
  CHECK(answer->header("x-two") == "a");
  CHECK(answer->header("absent") == "");
  CHECK(answer->url == peer.url("/p?q=1"));
}

TEST_CASE("what is sent is what was asked for, and nothing is left over from the request before") {
  HttpPeer peer(always(PeerReply(200, "ok")));
  ClientBench bench;
  auto send = [&](std::string method, std::string body, Headers headers) {
    HttpRequest request{.method = std::move(method),
                        .url = peer.url("/x"),
                        .headers = std::move(headers),
                        .body = std::move(body)};
    auto answer = bench.fetch(std::move(request));
    REQUIRE(answer);
    return peer.requests().back();
  };

  auto post =
      send("POST", R"({"a":1})", {{"Content-Type", "application/json"}, {"Authorization", "Bearer k"}});
  CHECK(post.method == "POST");
  CHECK(post.body == R"({"a":1})");
  CHECK(post.header("content-type") == "application/json");
  CHECK(post.header("authorization") == "Bearer k");

  auto get = send("GET", "", {{"X-Empty", ""}});
  CHECK(get.method == "GET");
  CHECK(get.body.empty());
  CHECK_FALSE(get.has_header("content-type"));
  CHECK_FALSE(get.has_header("authorization"));
  CHECK_FALSE(get.has_header("content-length"));
  CHECK_FALSE(get.has_header("expect"));
  CHECK(get.has_header("x-empty"));
  CHECK(get.header("user-agent") == "troupe");

  CHECK(send("PUT", "p", {}).body == "p");
  CHECK(send("PUT", "", {}).header("content-length") == "0");
  CHECK(send("DELETE", "", {}).method == "DELETE");
  CHECK(send("PATCH", "zz", {{"user-agent", "mine"}}).header("user-agent") == "mine");
  CHECK(send("HEAD", "", {}).method == "HEAD");
  auto bare = send("POST", "", {});
  CHECK(bare.method == "POST");
  CHECK(bare.header("content-length") == "0");
  CHECK_FALSE(bare.has_header("content-type"));
  CHECK(send("POST", std::string(3'000'000, 'b'), {}).body.size() == 3'000'000);
  CHECK_FALSE(peer.requests().back().has_header("expect"));
  CHECK(peer.connections() == 1);
}

TEST_CASE("a stream arrives piece by piece, while the server still writes") {
  HttpPeer peer(always(PeerReply().chunked().write("one").hold().write("two")));
  ClientBench bench;
  Collector sink;
  sink.each = [&] {
    // Waited for: a release that comes before the peer holds lets nothing go.
    if (sink.body == "one" && peer.wait_for_held(1)) peer.release();
  };

  auto head = bench.stream({.url = peer.url()}, sink);

  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(sink.body == "onetwo");
  CHECK(sink.pieces >= 2);
  REQUIRE(sink.heads.size() == 1);
  CHECK(sink.heads[0].header("transfer-encoding") == "chunked");
}

TEST_CASE("chunks that came with one read are one piece for the sink") {
  const std::string text(8'000, 'x');
  HttpPeer peer(always(PeerReply(200, text).chunked({20})));
  ClientBench bench;
  Collector sink;

  REQUIRE(bench.stream({.url = peer.url()}, sink));

  CHECK(sink.body == text);
  CHECK(sink.pieces < 40);  // of 400 chunks; how many reads it takes is the kernel's affair
}

TEST_CASE("what is cut off mid-way reaches the sink up to the cut, and a sink may close in its last piece") {
  HttpPeer peer(always(PeerReply().chunked().write("0123456789").cut()));
  ClientBench bench;
  Collector all;

  auto cut = bench.stream({.url = peer.url()}, all);

  REQUIRE_FALSE(cut);
  CHECK(cut.error().code == ErrorCode::network);
  CHECK(all.body == "0123456789");
  CHECK(bench.client.in_flight() == 0);

  HttpPeer whole(always(PeerReply(200, "0123456789").chunked({3})));
  Collector closes;
  closes.enough = 10;
  CHECK(bench.stream({.url = whole.url()}, closes));
  CHECK(closes.body == "0123456789");
  CHECK(bench.get(whole.url())->body == "0123456789");
}

TEST_CASE("a sink that has had enough closes the connection at once, and that is no error") {
  HttpPeer peer(always(PeerReply().chunked().write("0123456789").stall()));
  ClientBench bench;
  Collector sink;
  sink.enough = 10;

  auto head = bench.stream({.url = peer.url()}, sink);

  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(peer.wait_for_open(0));

  Collector at_head;
  at_head.accept_head = false;
  CHECK(bench.stream({.url = peer.url()}, at_head));
  CHECK(at_head.body.empty());
  CHECK(peer.wait_for_open(0));
}

TEST_CASE("an exception from a sink reaches the caller and leaves the client usable") {
  HttpPeer peer(always(PeerReply(200, "boom")));
  ClientBench bench;
  Collector sink;
  sink.each = [] { throw std::runtime_error("sink"); };

  CHECK_THROWS_WITH(bench.stream({.url = peer.url()}, sink), "sink");
  CHECK(bench.client.in_flight() == 0);
  CHECK(bench.get(peer.url())->body == "boom");
}

TEST_CASE("chunks may part anywhere: the same body arrives for every split of the wire") {
  PeerReply whole = PeerReply(200, "data: {\"a\":\"é\"}\n\n").chunked({1, 5, 3});
  const std::size_t length = whole.bytes().size();
  std::size_t next = 1;
  HttpPeer peer([&](const PeerRequest&) {
    PeerReply reply = whole;
    return reply.split_at(next++);
  });
  ClientBench bench;

  for (std::size_t i = 1; i < length; ++i) {
    auto answer = bench.get(peer.url());
    REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().message));
    REQUIRE(answer->body == "data: {\"a\":\"é\"}\n\n");
  }
  peer.answer(always(PeerReply(200, "byte by byte").chunked().slowly(1, 0ms)));
  CHECK(bench.get(peer.url())->body == "byte by byte");
}

TEST_CASE("compressed answers are undone, and counted after that") {
  std::string text(200'000, 'z');
  HttpPeer peer([&](const PeerRequest& request) {
    if (request.path == "/gzip") return PeerReply(200, text).gzip();
    if (request.path == "/deflate") return PeerReply(200, text).deflate().chunked({100});
    if (request.path == "/damaged")
      return PeerReply(200, "this is no gzip").header("Content-Encoding", "gzip");
    return PeerReply(200, "plain");
  });
  ClientBench bench;

  CHECK(bench.get(peer.url("/gzip"))->body == text);
  CHECK(peer.requests().back().header("accept-encoding") == "gzip, deflate");
  CHECK(bench.get(peer.url("/deflate"))->body == text);
  auto damaged = bench.get(peer.url("/damaged"));
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().code == ErrorCode::protocol);

  auto bomb = bench.fetch({.url = peer.url("/gzip"), .body_max = 100'000});
  REQUIRE_FALSE(bomb);
  CHECK(bomb.error().code == ErrorCode::too_large);

  Collector sink;
  CHECK(bench.stream({.url = peer.url("/gzip")}, sink));
  CHECK(sink.body == text);
  CHECK(peer.requests().back().header("accept-encoding") != "gzip, deflate");
}

TEST_CASE("a body at its limit passes, one byte more does not, whether or not its length is announced") {
  HttpPeer peer([](const PeerRequest& request) {
    PeerReply reply(200, std::string(1000, 'x'));
    return request.path == "/chunked" ? reply.chunked({7}) : reply;
  });
  ClientBench bench;

  for (std::string path : {"/length", "/chunked"}) {
    CAPTURE(path);
    CHECK(bench.fetch({.url = peer.url(path), .body_max = 1000}));
    auto over = bench.fetch({.url = peer.url(path), .body_max = 999});
    REQUIRE_FALSE(over);
    CHECK(over.error().code == ErrorCode::too_large);
    CHECK(over.error().message ==
          fmt::format("GET {}: the answer is larger than the 999 bytes allowed", peer.url(path)));
  }
  HttpRequest head{.method = "HEAD", .url = peer.url("/length"), .body_max = 10};
  CHECK(bench.fetch(std::move(head))->header("content-length") == "1000");
}

TEST_CASE("headers without end are refused") {
  HttpPeer peer([](const PeerRequest& request) {
    PeerReply reply(200, "x");
    if (request.path == "/few") return reply.header("Fine", std::string(60'000, 'h'));
    for (int i = 0; i < 20'000; ++i) reply.header("H" + std::to_string(i), "v");
    return reply;
  });
  ClientBench bench;

  CHECK(bench.get(peer.url("/few")));
  auto many = bench.get(peer.url("/many"));
  REQUIRE_FALSE(many);
  CHECK(many.error().code == ErrorCode::too_large);
}

TEST_CASE("silence ends an exchange, single bytes keep it alive") {
  HttpPeer peer([](const PeerRequest& request) {
    if (request.path == "/silent") return PeerReply::silence();
    if (request.path == "/stalls") return PeerReply().chunked().write("some").stall();
    return PeerReply(200, std::string(20, 's')).slowly(10, 25ms);
  });
  ClientBench bench;
  HttpRequest request{.idle_timeout = 100ms};

  request.url = peer.url("/silent");
  auto silent = bench.fetch(request);
  REQUIRE_FALSE(silent);
  CHECK(silent.error().code == ErrorCode::timeout);
  CHECK(silent.error().retryable);
  CHECK(silent.error().message ==
        fmt::format("GET {}: no byte for 100 ms, after 0 bytes of the answer", peer.url("/silent")));
  request.url = peer.url("/stalls");
  CHECK(bench.fetch(request).error().message.ends_with("no byte for 100 ms, after 4 bytes of the answer"));
  CHECK(peer.wait_for_open(0));
  request.url = peer.url("/slow");
  request.idle_timeout = 2000ms;  // the whole answer takes longer than one gap, and less than this
  CHECK(bench.fetch(request)->body.size() == 20);
}

TEST_CASE("a deadline ends an exchange that never falls silent, and one that has passed sends nothing") {
  HttpPeer peer(always(PeerReply(200, std::string(100'000, 'x')).slowly(1, 1ms)));
  ClientBench bench;

  auto late = bench.fetch({.url = peer.url("/a?key=secret"), .deadline = Deadline::after(bench.clock, 60ms)});
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timeout);
  CHECK(late.error().message.starts_with(fmt::format("GET {}: its deadline passed after ", peer.url("/a"))));
  CHECK(late.error().message.find("secret") == std::string::npos);

  auto never = bench.fetch({.url = peer.url(), .deadline = Deadline(bench.clock.now())});
  CHECK(never.error().code == ErrorCode::timeout);
  CHECK(peer.requests().size() == 1);
}

TEST_CASE("cut, empty and senseless answers are told apart") {
  HttpPeer peer([](const PeerRequest& request) {
    if (request.path == "/cut") return PeerReply(200, "0123456789").cut_after(4);
    if (request.path == "/chunk") return PeerReply(200, "0123456789").chunked({4}).cut_after(12);
    if (request.path == "/nothing") return PeerReply::hang_up();
    if (request.path == "/reset") return PeerReply().chunked().write("abc").pause(20ms).reset();
    return PeerReply::raw("220 mail.example ESMTP\r\n");
  });
  ClientBench bench;
  auto error = [&](std::string path) {
    auto answer = bench.get(peer.url(path));
    REQUIRE_FALSE(answer);
    return answer.error();
  };
  const std::string where = fmt::format("127.0.0.1:{}", peer.port());

  CHECK(error("/cut").code == ErrorCode::network);
  CHECK(error("/cut").retryable);
  CHECK(error("/cut").message ==
        fmt::format("GET {}: {} cut the answer after 4 bytes of its body", peer.url("/cut"), where));
  CHECK(error("/chunk").code == ErrorCode::network);
  CHECK(error("/nothing").message.ends_with(where + " closed the connection before it answered"));
  CHECK(error("/reset").message.ends_with(where + " cut the answer after 3 bytes of its body"));
  CHECK(error("/garbage").code == ErrorCode::protocol);
  CHECK(error("/garbage").message.ends_with(where + " does not answer in HTTP/1.1"));
}

TEST_CASE("a peer that is not there is named, and no secret of the URL is") {
  HttpPeer peer(always(PeerReply()));
  peer.down();
  ClientBench bench;

  auto answer =
      bench.get(fmt::format("http://user:hunter2@127.0.0.1:{}/v1?key=hunter2#hunter2", peer.port()));

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::network);
  CHECK(answer.error().retryable);
  CHECK(answer.error().message ==
        fmt::format("GET http://127.0.0.1:{0}/v1: connect to 127.0.0.1:{0} refused", peer.port()));
}

TEST_CASE("requests that cannot be sent are refused before anything is") {
  HttpPeer peer(always(PeerReply(200, "x")));
  ClientBench bench;
  auto code = [&](HttpRequest request) {
    if (request.url.empty()) request.url = peer.url();
    auto answer = bench.fetch(std::move(request));
    return answer ? ErrorCode::internal : answer.error().code;
  };

  CHECK(code({.url = "not a url"}) == ErrorCode::invalid);
  CHECK(code({.url = "http://"}) == ErrorCode::invalid);
  CHECK(code({.url = "file:///etc/passwd"}) == ErrorCode::denied);
  CHECK(code({.url = peer.url("/\r\nX: y")}) == ErrorCode::invalid);
  CHECK(code({.url = peer.url("/" + std::string(9000, 'u'))}) == ErrorCode::invalid);
  CHECK(code({.method = "GET /x HTTP/1.1\r\nA:"}) == ErrorCode::invalid);
  CHECK(code({.method = ""}) == ErrorCode::invalid);
  CHECK(code({.headers = {{"A", "b\r\nInjected: yes"}}}) == ErrorCode::invalid);
  CHECK(code({.headers = {{"A\r\nB", "c"}}}) == ErrorCode::invalid);
  CHECK(code({.headers = {{"", "c"}}}) == ErrorCode::invalid);
  CHECK(code({.headers = {{"Content-Length", "5"}}}) == ErrorCode::invalid);
  CHECK(code({.headers = {{"A", std::string("b\0c", 3)}}}) == ErrorCode::invalid);
  CHECK(peer.requests().empty());
}

TEST_CASE("spaces and other scripts in a URL are encoded on their way") {
  HttpPeer peer(always(PeerReply(200, "x")));
  ClientBench bench;

  CHECK(bench.get(peer.url("/위키 백과?q=연구 동향&r=a%20b")));

  CHECK(peer.requests()[0].path == "/위키 백과");
  CHECK(peer.requests()[0].param("q") == "연구 동향");
  CHECK(peer.requests()[0].param("r") == "a b");
}

TEST_CASE("interim answers and trailers are not taken for the answer") {
  HttpPeer peer(
      always(PeerReply::raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: "
                            "x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
                            "chunked\r\nTrailer: T\r\n\r\n2\r\nhi\r\n0\r\nT: 1\r\n\r\n")));
  ClientBench bench;
  Collector sink;

  auto head = bench.stream({.url = peer.url()}, sink);

  REQUIRE(head);
  CHECK(head->status == 200);
  CHECK(head->header("link") == "");
  CHECK(head->header("t") == "");
  CHECK(sink.heads.size() == 1);
  CHECK(sink.body == "hi");
}

TEST_CASE("the environment does not decide where traffic goes, the configured proxy does") {
  HttpPeer target(always(PeerReply(200, "direct")));
  HttpPeer proxy(always(PeerReply(200, "by proxy")));
  for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"})
    setenv(name, proxy.url().c_str(), 1);
  {
    ClientBench bench;
    CHECK(bench.get(target.url())->body == "direct");
    CHECK(proxy.connections() == 0);
  }
  for (const char* name : {"http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"})
    unsetenv(name);

  setenv("no_proxy", "*", 1);
  NetworkSettings settings{.proxy = fmt::format("http://user:hunter2@127.0.0.1:{}", proxy.port())};
  ClientBench bench(settings);
  CHECK(bench.get("http://api.example.com/v1?x=1")->body == "by proxy");
  CHECK(proxy.requests().back().target == "http://api.example.com/v1?x=1");
  CHECK(proxy.requests().back().header("proxy-authorization").starts_with("Basic "));
  CHECK(bench.get(target.url())->body == "direct");  // a local model is not behind the proxy
  proxy.down();
  auto refused = bench.get("http://api.example.com/v1");
  CHECK(
      refused.error().message ==
      fmt::format("GET http://api.example.com/v1: connect to the proxy 127.0.0.1:{} refused", proxy.port()));
  unsetenv("no_proxy");

  ClientBench broken({.proxy = "ftp://user:hunter2@proxy.example"});
  auto error = broken.get(target.url());
  REQUIRE_FALSE(error);
  CHECK(error.error().code == ErrorCode::invalid);
  CHECK(error.error().message.find("hunter2") == std::string::npos);
}
