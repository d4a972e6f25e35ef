#include "runtime/net/ws_client.h"

#include "runtime/async/nursery.h"
#include "tests/fakes/echo_server.h"
#include "tests/fakes/raw_socket.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::fakes;
using namespace std::chrono_literals;

namespace {

net::WsConnect how_to(std::string url) {
  net::WsConnect how;
  how.url = std::move(url);
  return how;
}

Task<std::unique_ptr<net::WsConnection>> connect(EchoServer& server, net::WsConnect how) {
  Stop never;
  auto connection = co_await net::connect_websocket(server.loop, std::move(how), never);
  REQUIRE_MESSAGE(connection.has_value(), (connection ? "" : connection.error().message));
  co_return std::move(*connection);
}

}  // namespace

TEST_CASE("a client connects, agrees on a subprotocol, talks and closes") {
  EchoServer server;
  server.run([&]() -> Task<> {
    net::WsConnect how = how_to(server.url("/echo"));
    how.subprotocol = "echo.v1";
    how.headers.emplace_back("Authorization", "Bearer secret");
    auto client = co_await connect(server, std::move(how));
    CHECK(client->subprotocol() == "echo.v1");

    Stop never;
    for (std::size_t n : {0, 5, 70'000, 1'000'000}) {
      CHECK(co_await net::send_text(*client, std::string(n, 'x')));
      auto message = co_await client->read(never);
      REQUIRE(message);
      CHECK(message->data.size() == n);
      CHECK(message->text);
    }
    net::WsBatch batch;
    for (int i = 0; i < 1000; ++i) batch.push_back(std::make_shared<const std::string>(std::to_string(i)));
    CHECK(co_await client->send(std::move(batch)));
    for (int i = 0; i < 1000; ++i) CHECK((co_await client->read(never))->data == std::to_string(i));

    co_await client->close(net::close_code::kNormal, "bye");
    CHECK(client->peer_close_code() == 1000);
    co_await client->close(net::close_code::kNormal, "again");
    auto after = co_await client->read(never);
    REQUIRE_FALSE(after);
    CHECK(after.error().code == ErrorCode::network);
  });
}

TEST_CASE("what keeps a client from connecting is told apart") {
  EchoServer server;
  server.run([&]() -> Task<> {
    Stop never;
    const auto attempt = [&](std::string url) -> Task<Error> {
      auto made = co_await net::connect_websocket(server.loop, how_to(std::move(url)), never);
      REQUIRE_FALSE(made);
      co_return made.error();
    };
    for (std::string url :
         {"", "127.0.0.1:1", "ftp://127.0.0.1/", "ws://", "ws://u:p@127.0.0.1/", "ws://h:0/", "ws://h:99999/",
          "ws://h:1x/", "ws://[::1/", "ws://h/a b", "ws://h/\r\nX: y"}) {
      const Error error = co_await attempt(url);
      INFO(url);
      CHECK(error.code == ErrorCode::invalid);
    }
    const Error declined = co_await attempt(server.url("/deny"));
    CHECK(declined.code == ErrorCode::denied);
    CHECK(declined.status == 403);
    CHECK(declined.message.find("not for you") != std::string::npos);

    RawSocket finder(server.loop);  // a port on which nobody listens
    boost::asio::ip::tcp::acceptor closed(server.loop.context(),
                                          {boost::asio::ip::address_v4::loopback(), 0});
    const auto port = closed.local_endpoint().port();
    closed.close();
    const Error refused = co_await attempt(fmt::format("http://127.0.0.1:{}/echo", port));
    CHECK(refused.code == ErrorCode::network);
    CHECK(refused.retryable);
  });
}

TEST_CASE("a server that accepts and says nothing is given up on time, or when told to stop") {
  EchoServer server;
  server.run([&]() -> Task<> {
    boost::asio::ip::tcp::acceptor mute(server.loop.context(), {boost::asio::ip::address_v4::loopback(), 0});
    net::WsConnect how = how_to(fmt::format("ws://127.0.0.1:{}/", mute.local_endpoint().port()));
    how.timeout = 30ms;
    Stop never;
    auto late = co_await net::connect_websocket(server.loop, how, never);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == ErrorCode::timeout);

    how.timeout = 10s;
    Stop stop;
    auto alarm = server.loop.at(server.clock.now() + 10ms, [&] { stop.request(StopReason::cancelled); });
    auto stopped = co_await net::connect_websocket(server.loop, how, stop);
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().code == ErrorCode::cancelled);
    auto at_once = co_await net::connect_websocket(server.loop, how, stop);
    REQUIRE_FALSE(at_once);
    CHECK(at_once.error().code == ErrorCode::cancelled);
  });
}

TEST_CASE("a reader that is told to stop comes back at once") {
  EchoServer server;
  server.run([&]() -> Task<> {
    auto client = co_await connect(server, how_to(server.url("/echo")));
    Stop stop;
    auto alarm = server.loop.at(server.clock.now() + 5ms, [&] { stop.request(StopReason::cancelled); });
    auto message = co_await client->read(stop);
    REQUIRE_FALSE(message);
    CHECK(message.error().code == ErrorCode::cancelled);
  });
}

TEST_CASE("the server pings; a client that answers stays, one that does not is dropped") {
  net::HttpServerSettings settings;
  settings.websocket.ping_every = 20ms;
  settings.websocket.silence = 200ms;
  EchoServer server(settings);
  server.run([&]() -> Task<> {
    Stop never;
    auto client = co_await connect(server, how_to(server.url("/echo")));
    RawSocket mute(server.loop);
    co_await mute.connect(server.port());
    co_await mute.upgrade("/echo");
    // The mute one sees pings and then the end; meanwhile the client's reader answers.
    Nursery nursery(server.loop);
    bool alive = true;
    nursery.spawn("client", [&]() -> Task<> {
      auto message = co_await client->read(never);
      CHECK(message.has_value());
      if (message) CHECK(message->data == "still here");
      alive = message.has_value();
    });
    auto frames = co_await mute.read_frames();
    REQUIRE(frames.size() >= 2);
    CHECK(frames[0].opcode == kPing);
    CHECK(alive);
    CHECK(server.handler.last_code == ErrorCode::timeout);
    CHECK(co_await net::send_text(*client, "still here"));
    co_await nursery.join();
    co_await client->close(1000, "");
  });
}

TEST_CASE("a frame that comes a byte at a time keeps nobody alive") {
  net::HttpServerSettings settings;
  settings.websocket.ping_every = 20ms;
  settings.websocket.silence = 150ms;
  EchoServer server(settings);
  server.run([&]() -> Task<> {
    RawSocket slow(server.loop);
    co_await slow.connect(server.port());
    co_await slow.upgrade("/echo");
    Stop never;
    const std::string frame = raw_text(std::string(100'000, 'x'));
    std::size_t sent = 0;
    while (sent < 4000 && co_await slow.write(frame.substr(sent, 1))) {
      ++sent;
      co_await server.loop.sleep_for(2ms, never);
    }
    CHECK(sent < 4000);
    CHECK(server.handler.websockets == 0);
  });
}

TEST_CASE("a peer that pings and never reads holds a bounded amount of memory and does not stop others") {
  EchoServer server;
  server.run([&]() -> Task<> {
    RawSocket flood(server.loop);
    co_await flood.connect(server.port());
    flood.socket().set_option(boost::asio::socket_base::receive_buffer_size(4096));
    co_await flood.upgrade("/echo");
    std::string pings;
    for (int i = 0; i < 1000; ++i) pings += raw_frame({.opcode = kPing, .payload = std::string(125, 'p')});
    // Writing stalls once the server's own buffers are full: it reads no further pings before pongs have
    // left.
    std::size_t written = 0;
    bool stalled = false;
    Nursery nursery(server.loop);
    nursery.spawn("flood", [&]() -> Task<> {
      while (written < 100u << 20 && co_await flood.write(pings)) written += pings.size();
      stalled = true;
    });
    auto client = co_await connect(server, how_to(server.url("/echo")));
    Stop never;
    std::size_t last = 1;
    while (written != last) {
      last = written;
      for (int i = 0; i < 20; ++i) {
        CHECK(co_await net::send_text(*client, "hello"));
        CHECK((co_await client->read(never))->data == "hello");
      }
      co_await server.loop.sleep_for(30ms, never);
    }
    CHECK_FALSE(stalled);
    CHECK(written < 30u << 20);
    flood.close();
    co_await nursery.join();
    co_await client->close(1000, "");
  });
}

TEST_CASE("a close that the peer never answers ends after the close timeout") {
  EchoServer server;
  server.run([&]() -> Task<> {
    net::WsConnect how = how_to(server.url("/deaf"));
    how.settings.close_timeout = 50ms;
    auto client = co_await connect(server, std::move(how));
    const Instant before = server.clock.now();
    co_await client->close(1000, "");
    CHECK(server.clock.now() - before < 3s);
    CHECK(client->peer_close_code() == 0);
  });
}

TEST_CASE("the server's close reaches the client with its code and reason") {
  EchoServer server;
  Nursery nursery(server.loop);
  std::unique_ptr<net::WsConnection> client;
  server.run([&]() -> Task<> {
    client = co_await connect(server, how_to(server.url("/echo")));
    nursery.spawn("reader", [&]() -> Task<> {
      Stop never;
      auto message = co_await client->read(never);
      CHECK_FALSE(message);
    });
  });
  fakes::run(server.loop, nursery.join());
  CHECK(client->peer_close_code() == 1001);
  CHECK(client->peer_close_reason() == "draining");
}
