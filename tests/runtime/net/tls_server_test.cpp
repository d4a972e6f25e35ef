#include "runtime/net/ws_client.h"
#include "tests/fakes/certificates.h"
#include "tests/fakes/echo_server.h"
#include "tests/fakes/raw_socket.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::fakes;
using namespace std::chrono_literals;

namespace {

net::HttpServerSettings with_tls(const Certificates& certificates) {
  net::HttpServerSettings settings;
  settings.tls_certificate = certificates.certificate_file();
  settings.tls_key = certificates.key_file();
  settings.header_timeout = 300ms;
  return settings;
}

net::WsConnect to(EchoServer& server, const std::string& host, std::string ca_file) {
  net::WsConnect how;
  how.url = fmt::format("wss://{}:{}/echo", host, server.port());
  how.ca_file = std::move(ca_file);
  return how;
}

}  // namespace

TEST_CASE("a WebSocket over TLS: verified, echoed, closed") {
  Certificates certificates;
  EchoServer server(with_tls(certificates));
  server.run([&]() -> Task<> {
    Stop never;
    auto client =
        co_await net::connect_websocket(server.loop, to(server, "127.0.0.1", certificates.ca_file()), never);
    REQUIRE_MESSAGE(client.has_value(), (client ? "" : client.error().message));
    for (std::size_t n : {0, 10, 20'000, 1'000'000}) {
      CHECK(co_await net::send_text(**client, std::string(n, 'x')));
      auto message = co_await (*client)->read(never);
      REQUIRE(message);
      CHECK(message->data.size() == n);
    }
    co_await (*client)->close(net::close_code::kNormal, "");
    CHECK((*client)->peer_close_code() == 1000);
  });
}

TEST_CASE("a client does not talk to a server whose certificate is not its own or not trusted") {
  Certificates certificates({"other.example"});
  Certificates strangers;
  EchoServer server(with_tls(certificates));
  server.run([&]() -> Task<> {
    Stop never;
    auto wrong_name =
        co_await net::connect_websocket(server.loop, to(server, "127.0.0.1", certificates.ca_file()), never);
    REQUIRE_FALSE(wrong_name);
    CHECK(wrong_name.error().code == ErrorCode::network);
    CHECK(wrong_name.error().message.find("TLS") != std::string::npos);
    auto untrusted =
        co_await net::connect_websocket(server.loop, to(server, "127.0.0.1", strangers.ca_file()), never);
    CHECK_FALSE(untrusted);
    auto no_file =
        co_await net::connect_websocket(server.loop, to(server, "127.0.0.1", "/nonexistent.pem"), never);
    REQUIRE_FALSE(no_file);
    CHECK(no_file.error().code == ErrorCode::invalid);
    CHECK(server.handler.requests == 0);
  });
}

TEST_CASE("a TLS listener is not impressed by plain text, silence and connections that are cut") {
  Certificates certificates;
  EchoServer server(with_tls(certificates));
  server.run([&]() -> Task<> {
    RawSocket plain(server.loop);
    co_await plain.connect(server.port());
    co_await plain.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const std::string said = co_await plain.read_all();
    CHECK(said.find("HTTP") == std::string::npos);
    RawSocket silent(server.loop);
    co_await silent.connect(server.port());
    co_await silent.read_all();  // ended by the server
    RawSocket cut(server.loop);
    co_await cut.connect(server.port());
    co_await cut.write(std::string("\x16\x03\x01\x02\x00\x01", 6));
    cut.close();
    CHECK(co_await eventually(server.loop, [&] { return server.server->connections() == 0; }));
    CHECK(server.handler.requests == 0);
  });
}

TEST_CASE("certificates that cannot be used are errors that name the file") {
  Certificates certificates;
  Certificates others;
  EchoServer holder;
  const auto refused = [&](std::string certificate, std::string key, const std::string& named) {
    net::HttpServerSettings settings;
    settings.tls_certificate = std::move(certificate);
    settings.tls_key = std::move(key);
    auto server = net::listen_http(holder.loop, settings, holder.handler);
    return !server && server.error().code == ErrorCode::invalid &&
           server.error().message.find(named) != std::string::npos;
  };
  CHECK(refused("/nonexistent.pem", certificates.key_file(), "/nonexistent.pem"));
  CHECK(refused(certificates.certificate_file(), "/nonexistent.key", "/nonexistent.key"));
  CHECK(refused(certificates.certificate_file(), others.key_file(), others.key_file()));
  CHECK(refused(certificates.certificate_file(), certificates.certificate_file(),
                certificates.certificate_file()));
  holder.run([]() -> Task<> { co_return; });
}
