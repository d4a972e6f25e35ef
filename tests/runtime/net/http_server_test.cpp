#include "runtime/async/nursery.h"
#include "runtime/net/ws_client.h"
#include "tests/fakes/descriptors.h"
#include "tests/fakes/echo_server.h"
#include "tests/fakes/raw_socket.h"

#include <sys/resource.h>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::fakes;
using namespace std::chrono_literals;

namespace {

std::string get(std::string_view path, std::string_view headers = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", path, headers);
}

Task<std::string> ask(EchoServer& server, std::string request) {
  RawSocket client(server.loop);
  co_await client.connect(server.port());
  co_await client.write(std::move(request));
  co_return co_await client.read_reply();
}

int status_of(const std::string& reply) {
  return reply.size() > 12 ? std::stoi(reply.substr(9, 3)) : 0;
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

}  // namespace

TEST_CASE("requests on one connection are answered in order, pipelined or not") {
  EchoServer server;
  server.run([&]() -> Task<> {
    RawSocket client(server.loop);
    co_await client.connect(server.port());
    co_await client.write(get("/a?x=1") + get("/b") +
                          "POST /c HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello" +
                          get("/d"));
    for (std::string body : {"GET /a ", "GET /b ", "POST /c hello", "GET /d "}) {
      const std::string reply = co_await client.read_reply();
      CHECK(reply.starts_with("HTTP/1.1 200 OK\r\n"));
      CHECK(reply.ends_with("\r\n\r\n" + body));
    }
    co_await client.write(
        "POST /e HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    CHECK((co_await client.read_reply()).ends_with("POST /e abc"));
    co_await client.write(get("/f", "Connection: close\r\n"));
    CHECK((co_await client.read_all()).ends_with("GET /f "));
  });
}

TEST_CASE("HEAD has the length of the body and no body; HTTP/1.0 is answered and closed") {
  EchoServer server;
  server.run([&]() -> Task<> {
    RawSocket client(server.loop);
    co_await client.connect(server.port());
    co_await client.write("HEAD /a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const std::string reply = co_await client.read_all();
    CHECK(reply.find("Content-Length: 8\r\n") != std::string::npos);
    CHECK(reply.ends_with("\r\n\r\n"));

    RawSocket old(server.loop);
    co_await old.connect(server.port());
    co_await old.write("GET /b HTTP/1.0\r\n\r\n");
    CHECK((co_await old.read_all()).ends_with("GET /b "));
  });
}

TEST_CASE("every answer bears a request id: the client's when it is sane, else ours") {
  EchoServer server;
  server.run([&]() -> Task<> {
    CHECK(
        (co_await ask(server, get("/", "X-Request-Id: abc-1.2_3\r\n"))).find("X-Request-Id: abc-1.2_3\r\n") !=
        std::string::npos);
    CHECK((co_await ask(server, get("/", "X-Request-Id: a b;c\r\n"))).find("X-Request-Id: q_") !=
          std::string::npos);
    CHECK((co_await ask(server, "nonsense\r\n\r\n")).find("X-Request-Id: q_") != std::string::npos);
  });
}

TEST_CASE("what is not HTTP, or could be read in two ways, is refused with JSON and closed") {
  EchoServer server;
  server.run([&]() -> Task<> {
    struct Case {
      std::string request;
      int status;
    };
    const std::vector<Case> cases = {
        {"GARBAGE\r\n\r\n", 400},
        {"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: \x01\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
         400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'x') + "\r\n\r\n", 431},
        {"GET /" + std::string(20000, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", 431},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", 413},
    };
    for (const Case& wrong : cases) {
      RawSocket client(server.loop);
      co_await client.connect(server.port());
      co_await client.write(wrong.request);
      const std::string reply = co_await client.read_all();  // it is closed afterwards
      INFO(wrong.request.substr(0, 80), "\n", reply);
      CHECK(status_of(reply) == wrong.status);
      CHECK(reply.find(R"({"error":{"code":)") != std::string::npos);
      CHECK(reply.find("Connection: close\r\n") != std::string::npos);
    }
    CHECK(server.handler.requests == 0);
  });
}

TEST_CASE("a body over the limit is answered 413, declared or chunked, and the answer arrives") {
  net::HttpServerSettings settings;
  settings.body_max = 1000;
  EchoServer server(settings);
  server.run([&]() -> Task<> {
    std::string declared =
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n" + std::string(200000, 'x');
    CHECK(status_of(co_await ask(server, std::move(declared))) == 413);
    std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 200; ++i) chunked += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
    CHECK(status_of(co_await ask(server, std::move(chunked))) == 413);
    CHECK(status_of(co_await ask(server, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n" +
                                             std::string(1000, 'x'))) == 200);
  });
}

TEST_CASE("a handler says by the head how large a body may be, or answers before it is read") {
  net::HttpServerSettings settings;
  settings.body_max = 1000;
  EchoServer server(settings);
  server.run([&]() -> Task<> {
    const auto post = [](const std::string& path, std::size_t declared, const std::string& body) {
      return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{}", path, declared, body);
    };
    const std::string body(10'000, 'x');
    CHECK(status_of(co_await ask(server, post("/large", body.size(), body))) == 200);
    const std::string over = co_await ask(server, post("/large", body.size() + 1, body));
    CHECK(status_of(over) == 413);
    CHECK(over.find("10000 bytes") != std::string::npos);
    std::string chunked = "POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 9; ++i) chunked += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
    CHECK(status_of(co_await ask(server, chunked + "0\r\n\r\n")) == 200);
    for (int i = 0; i < 9; ++i) chunked += "3e8\r\n" + std::string(1000, 'x') + "\r\n";
    CHECK(status_of(co_await ask(server, chunked + "0\r\n\r\n")) == 413);
    const std::size_t before = server.handler.requests;
    // Not a byte of the body was sent.
    const std::string unread = co_await ask(server, post("/unread", 1000, ""));
    CHECK(status_of(unread) == 401);
    CHECK(unread.find("Connection: close\r\n") != std::string::npos);
    CHECK(server.handler.requests == before);
    for (const char* length : {"18446744073709551615", "9223372036854775807"})
      CHECK(status_of(co_await ask(server, fmt::format("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: "
                                                       "{}\r\n\r\nx",
                                                       length))) == 413);
  });
}

TEST_CASE("a body comes piece by piece: in chunks, to HTTP/1.0 up to the end, to HEAD not at all") {
  EchoServer server;
  server.run([&]() -> Task<> {
    RawSocket client(server.loop);
    co_await client.connect(server.port());
    co_await client.write("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string reply = co_await client.read_until("0\r\n\r\n");
    CHECK(reply.find("Transfer-Encoding: chunked\r\n") != std::string::npos);
    CHECK(reply.find("Content-Length") == std::string::npos);
    CHECK(reply.ends_with("\r\n\r\n4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"));
    // The connection goes on.
    co_await client.write("HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    const std::string next = co_await client.read_until("GET /x ");
    CHECK(next.find("three") == std::string::npos);

    RawSocket elder(server.loop);
    co_await elder.connect(server.port());
    co_await elder.write("GET /pieces HTTP/1.0\r\nHost: a\r\n\r\n");
    const std::string old = co_await elder.read_all();
    CHECK(old.find("Transfer-Encoding") == std::string::npos);
    CHECK(old.find("Connection: close\r\n") != std::string::npos);
    CHECK(old.ends_with("\r\n\r\none two three"));
  });
}

TEST_CASE("who writes a body without end learns that its reader has gone, or reads nothing") {
  net::HttpServerSettings settings;
  settings.write_timeout = 50ms;
  EchoServer server(settings);
  server.run([&]() -> Task<> {
    RawSocket goes(server.loop);
    co_await goes.connect(server.port());
    co_await goes.write("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    co_await goes.read(100'000);
    goes.close();
    CHECK(co_await eventually(server.loop, [&] { return server.handler.cut == 1; }));
    RawSocket deaf(server.loop);
    co_await deaf.connect(server.port());
    co_await deaf.write("GET /endless HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(co_await eventually(server.loop, [&] { return server.handler.cut == 2; }));
  });
}

TEST_CASE("a client that asks whether to go on is told so before its body is read") {
  EchoServer server;
  server.run([&]() -> Task<> {
    RawSocket client(server.loop);
    co_await client.connect(server.port());
    co_await client.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK((co_await client.read_until("\r\n\r\n")).starts_with("HTTP/1.1 100 Continue"));
    co_await client.write("ok");
    CHECK((co_await client.read_reply()).ends_with("POST / ok"));
  });
}

TEST_CASE("slow heads, slow bodies and idle connections are closed; others are served meanwhile") {
  net::HttpServerSettings settings;
  settings.header_timeout = 100ms;
  settings.body_timeout = 100ms;
  settings.idle_timeout = 100ms;
  EchoServer server(settings);
  server.run([&]() -> Task<> {
    Nursery nursery(server.loop);
    int closed = 0;
    const auto attack = [&](std::string opening) {
      nursery.spawn("attacker", [&server, &closed, opening]() -> Task<> {
        RawSocket client(server.loop);
        Stop never;
        co_await client.connect(server.port());
        co_await client.write(opening);
        bool open = true;
        while (open && co_await client.write("x")) {
          co_await server.loop.sleep_for(5ms, never);
          boost::system::error_code error;
          client.socket().non_blocking(true);
          char byte;
          client.socket().receive(boost::asio::buffer(&byte, 1), boost::asio::socket_base::message_peek,
                                  error);
          open = error == boost::asio::error::would_block;
        }
        ++closed;
      });
    };
    for (int i = 0; i < 70; ++i) {
      attack("GET / HTTP/1.1\r\nHost: a\r\nX: ");
      attack("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    }
    for (int i = 0; i < 60; ++i)
      nursery.spawn("idler", [&]() -> Task<> {
        RawSocket client(server.loop);
        co_await client.connect(server.port());
        co_await client.read_all();
        ++closed;
      });
    CHECK(status_of(co_await ask(server, get("/"))) == 200);
    co_await nursery.join();
    CHECK(closed == 200);
    CHECK(co_await eventually(server.loop, [&] { return server.server->connections() == 0; }));
  });
}

TEST_CASE("connections over the limit are told 503, and a place that becomes free is used") {
  net::HttpServerSettings settings;
  settings.connections_max = 3;
  EchoServer server(settings);
  server.run([&]() -> Task<> {
    std::vector<std::unique_ptr<RawSocket>> open;
    for (int i = 0; i < 3; ++i) {
      open.push_back(std::make_unique<RawSocket>(server.loop));
      co_await open.back()->connect(server.port());
      co_await open.back()->write(get("/"));
      CHECK(status_of(co_await open.back()->read_reply()) == 200);
    }
    const std::string refused = co_await ask(server, get("/"));
    CHECK(status_of(refused) == 503);
    CHECK(refused.find("Retry-After: 1\r\n") != std::string::npos);
    CHECK(refused.find(R"("code":"busy")") != std::string::npos);
    open.pop_back();
    CHECK(co_await eventually(server.loop, [&] { return server.server->connections() == 2; }));
    CHECK(status_of(co_await ask(server, get("/"))) == 200);
  });
}

TEST_CASE("without descriptors accepting pauses, does not spin, and goes on when there are some again") {
  EchoServer server;
  server.run([&]() -> Task<> {
    CHECK(status_of(co_await ask(server, get("/"))) == 200);
    RawSocket client(server.loop);
    client.socket().open(boost::asio::ip::tcp::v4());
    rlimit before{};
    getrlimit(RLIMIT_NOFILE, &before);
    rlimit none = before;
    none.rlim_cur = 3;  // every descriptor that is open now stays; no new one fits
    setrlimit(RLIMIT_NOFILE, &none);
    co_await client.connect(server.port());
    co_await client.write(get("/"));
    Stop never;
    const double cpu = cpu_seconds();
    co_await server.loop.sleep_for(400ms, never);
    CHECK(cpu_seconds() - cpu < 0.1);
    CHECK(server.handler.requests == 1);
    setrlimit(RLIMIT_NOFILE, &before);
    CHECK(status_of(co_await client.read_reply()) == 200);
  });
}

TEST_CASE("two hundred connections opened and dropped in every state leave nothing behind") {
  EchoServer server;
  server.run([&]() -> Task<> {
    CHECK(status_of(co_await ask(server, get("/"))) == 200);
    CHECK(co_await eventually(server.loop, [&] { return server.server->connections() == 0; }));
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 200; ++i) {
      RawSocket client(server.loop);
      co_await client.connect(server.port());
      if (i % 5 == 1) co_await client.write("GET / HT");
      if (i % 5 == 2) co_await client.write(get("/"));
      if (i % 5 >= 3) co_await client.upgrade("/echo");
      if (i % 5 == 4) co_await client.write(raw_text("half").substr(0, 5));
    }
    CHECK(co_await eventually(server.loop, [&] { return server.server->connections() == 0; }));
    CHECK(server.handler.websockets == 0);
    CHECK(open_descriptors() == before);
  });
}

TEST_CASE("an upgrade must be as the RFC says") {
  EchoServer server;
  server.run([&]() -> Task<> {
    const std::string good =
        "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: "
        "dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n";
    const auto without = [&](const std::string& line, const std::string& instead) {
      std::string headers = good;
      headers.replace(headers.find(line), line.size(), instead);
      return get("/echo", headers);
    };
    const std::string reply = co_await ask(server, get("/echo", good));
    CHECK(status_of(reply) == 101);
    CHECK(reply.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") != std::string::npos);
    CHECK(reply.find("Sec-WebSocket-Protocol") == std::string::npos);
    const std::string old = co_await ask(server, without("Version: 13", "Version: 8"));
    CHECK(status_of(old) == 426);
    CHECK(old.find("Sec-WebSocket-Version: 13\r\n") != std::string::npos);
    CHECK(status_of(co_await ask(server, without("Sec-WebSocket-Version: 13\r\n", ""))) == 426);
    CHECK(status_of(co_await ask(server, without("dGhlIHNhbXBsZSBub25jZQ==", "short"))) == 400);
    CHECK(status_of(co_await ask(server, without("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", ""))) ==
          400);
    CHECK(status_of(co_await ask(server, without("keep-alive, Upgrade", "keep-alive"))) ==
          200);  // an ordinary GET
    CHECK(status_of(co_await ask(server, "POST /echo HTTP/1.1\r\nHost: a\r\n" + good + "\r\n")) == 400);
    CHECK(status_of(co_await ask(server, "GET /echo HTTP/1.0\r\nHost: a\r\n" + good + "\r\n")) == 400);
    CHECK(status_of(co_await ask(server, get("/deny", good))) == 403);
    const std::string agreed =
        co_await ask(server, get("/echo", good + "Sec-WebSocket-Protocol: x, echo.v1\r\n"));
    CHECK(agreed.find("Sec-WebSocket-Protocol: echo.v1\r\n") != std::string::npos);
  });
}

TEST_CASE("frames that come in one packet with the upgrade are not lost") {
  EchoServer server;
  server.run([&]() -> Task<> {
    RawSocket client(server.loop);
    co_await client.connect(server.port());
    co_await client.write(get("/echo",
                              "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") +
                          raw_text("early") + raw_close(1000));
    co_await client.read_until("\r\n\r\n");
    auto frames = co_await client.read_frames();
    REQUIRE(frames.size() == 2);
    CHECK(frames[0].payload == "early");
  });
}

TEST_CASE("stopping lets requests end, closes WebSockets with 1001 and leaves nobody") {
  EchoServer server;
  RawSocket waiting(server.loop);
  RawSocket idle(server.loop);
  RawSocket socket(server.loop);
  bool checked = false;
  Nursery nursery(server.loop);
  server.run([&]() -> Task<> {
    co_await waiting.connect(server.port());
    co_await waiting.write(get("/wait"));
    co_await idle.connect(server.port());
    co_await idle.write(get("/"));
    co_await idle.read_reply();
    co_await socket.connect(server.port());
    co_await socket.upgrade("/echo");
    CHECK(co_await eventually(server.loop, [&] { return server.handler.requests == 3; }));
    nursery.spawn("after", [&]() -> Task<> {
      CHECK((co_await waiting.read_all()).ends_with("GET /wait "));
      CHECK((co_await idle.read_all()).empty());
      CHECK(co_await socket.read_close() == 1001);
      co_await socket.write(raw_close(1001));
      checked = true;
    });
  });
  fakes::run(server.loop, nursery.join());
  CHECK(checked);
  CHECK(server.server->connections() == 0);
}

TEST_CASE("stopping drops who does not end in time") {
  EchoServer server;
  RawSocket socket(server.loop);
  const Instant before = server.clock.now();
  server.run(
      [&]() -> Task<> {
        co_await socket.connect(server.port());
        co_await socket.upgrade("/echo");
      },
      50ms);  // the client never answers the close
  CHECK(server.clock.now() - before < 3s);
  CHECK(server.server->connections() == 0);
}

TEST_CASE("a port that is taken and an address that is none are errors with the address") {
  EchoServer server;
  server.run([]() -> Task<> { co_return; });
  net::HttpServerSettings settings;
  settings.port = server.port();
  EchoServer holder;
  settings.port = holder.port();
  auto taken = net::listen_http(holder.loop, settings, holder.handler);
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == ErrorCode::network);
  CHECK(taken.error().message.find(fmt::format("127.0.0.1:{}", holder.port())) != std::string::npos);
  settings.address = "not-an-address";
  auto wrong = net::listen_http(holder.loop, settings, holder.handler);
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().code == ErrorCode::invalid);
  holder.run([]() -> Task<> { co_return; });
}
