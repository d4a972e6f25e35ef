#include "tests/fakes/certificates.h"
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

TEST_CASE("TLS is spoken with whom the configured authority vouches for, and with nobody else") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "hello").chunked({2}); }, {.tls = true});
  ClientBench right({.ca_file = peer.ca_file()});
  CHECK(right.get(peer.url())->body == "hello");
  CHECK(right.get(peer.url_as("localhost"))->body == "hello");

  fakes::Certificates strangers;
  ClientBench wrong({.ca_file = strangers.ca_file()});
  auto refused = wrong.get(peer.url("/x?key=s"));
  REQUIRE_FALSE(refused);
  INFO(refused.error().message);
  CHECK(refused.error().code == ErrorCode::network);
  CHECK_FALSE(refused.error().retryable);
  CHECK(refused.error().message.starts_with(fmt::format(
      "GET {}: the certificate of 127.0.0.1 is not accepted: SSL certificate problem", peer.url("/x"))));

  ClientBench system;
  CHECK_FALSE(system.get(peer.url()));

  ClientBench missing({.ca_file = "/nonexistent/ca.pem"});
  auto unreadable = missing.get(peer.url());
  REQUIRE_FALSE(unreadable);
  CHECK(unreadable.error().code == ErrorCode::invalid);
  CHECK(unreadable.error().message.find("/nonexistent/ca.pem") != std::string::npos);
}

TEST_CASE("a certificate for another name is refused") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply(200, "x"); }, {.tls = true});
  auto here = [](const std::string&) -> Result<std::vector<Address>> {
    return std::vector{*Address::parse("127.0.0.1")};
  };
  ClientBench bench({.ca_file = peer.ca_file()}, Guarding::open, here);

  auto answer = bench.get(peer.url_as("bank.example"));

  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find("the certificate of bank.example is not accepted") != std::string::npos);
  CHECK(peer.requests().empty());
}

TEST_CASE("a TLS connection that is cut without goodbye is never taken for the end of an answer") {
  HttpPeer peer(
      [](const PeerRequest& request) {
        if (request.path == "/length") return PeerReply(200, "0123456789").cut_after(5);
        if (request.path == "/chunked") return PeerReply(200, "0123456789").chunked({5}).cut_after(10);
        if (request.path == "/open-cut") return PeerReply(200, "0123456789").until_close().cut_after(5);
        if (request.path == "/open-end") return PeerReply(200, "0123456789").until_close();
        return PeerReply::sse({"1", "2"}, 5ms);
      },
      {.tls = true});
  ClientBench bench({.ca_file = peer.ca_file()});

  for (std::string path : {"/length", "/chunked", "/open-cut"}) {
    CAPTURE(path);
    auto answer = bench.get(peer.url(path));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::network);
    CHECK(answer.error().retryable);
  }
  auto whole = bench.get(peer.url("/open-end"));
  REQUIRE_MESSAGE(whole, (whole ? "" : whole.error().message));
  CHECK(whole->body == "0123456789");
  CHECK(bench.get(peer.url("/sse"))->body == "data: 1\n\ndata: 2\n\n");
}

TEST_CASE("plain HTTP spoken to a TLS port and the reverse are errors with a reason") {
  HttpPeer plain([](const PeerRequest&) { return PeerReply(200, "x"); });
  HttpPeer tls([](const PeerRequest&) { return PeerReply(200, "x"); }, {.tls = true});
  ClientBench bench({.ca_file = tls.ca_file()});

  auto to_plain = bench.get(fmt::format("https://127.0.0.1:{}/", plain.port()));
  REQUIRE_FALSE(to_plain);
  INFO(to_plain.error().message);
  CHECK(to_plain.error().code == ErrorCode::network);
  CHECK(to_plain.error().message.find("TLS handshake with 127.0.0.1") != std::string::npos);
  auto to_tls = bench.get(fmt::format("http://127.0.0.1:{}/", tls.port()));
  REQUIRE_FALSE(to_tls);
}

TEST_CASE("a handshake that never ends is given up with the connect") {
  // The kernel completes connects to a listener that nobody accepts from.
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  REQUIRE(bind(listener, reinterpret_cast<sockaddr*>(&address), length) == 0);
  REQUIRE(listen(listener, 8) == 0);
  REQUIRE(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) == 0);
  ClientBench bench;
  const std::string url = fmt::format("https://127.0.0.1:{}/", ntohs(address.sin_port));

  auto answer = bench.fetch({.url = url, .connect_timeout = 60ms});
  close(listener);

  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == ErrorCode::timeout);
  INFO(answer.error().message);
  CHECK(answer.error().message.find("the handshake with 127.0.0.1") != std::string::npos);
}
