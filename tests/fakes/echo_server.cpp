#include "tests/fakes/echo_server.h"

#include "runtime/async/one_shot.h"

#include <stdexcept>

namespace troupe::fakes {

using namespace std::chrono_literals;

Task<net::ServerReply> EchoHandler::on_http(net::ServerRequest request, Stop& drain) {
  ++requests;
  if (request.path == "/wait") {
    OneShot<bool> drained(loop_);
    auto hook = drain.on_request([&] { drained.set(true); });
    co_await drained.wait();
  }
  net::ServerReply reply;
  reply.content_type = "text/plain";
  if (request.path == "/pieces")
    reply.stream = [](net::BodyWriter& body) -> Task<> {
      for (const char* piece : {"one ", "", "two ", "three"}) co_await body.write(piece);
    };
  if (request.path == "/endless")
    reply.stream = [this](net::BodyWriter& body) -> Task<> {
      while (co_await body.write(std::string(64 << 10, 'x'))) {
      }
      ++cut;
    };
  reply.body = request.method + " " + request.path + " " + request.body;
  co_return reply;
}

Task<std::expected<net::WsGrant, net::ServerReply>> EchoHandler::on_upgrade(net::ServerRequest request) {
  ++requests;
  if (request.path == "/deny") co_return std::unexpected(net::error_reply(403, "denied", "not for you"));
  net::WsGrant grant;
  if (request.header("sec-websocket-protocol").find("echo.v1") != std::string_view::npos)
    grant.subprotocol = "echo.v1";
  const bool deaf = request.path == "/deaf";
  grant.serve = [this, deaf](net::WsConnection& connection, Stop& drain) {
    return deaf ? ignore(connection, drain) : echo(connection, drain);
  };
  co_return grant;
}

std::expected<std::size_t, net::ServerReply> EchoHandler::on_head(const net::ServerRequest& head,
                                                                  std::size_t usual) {
  if (head.path == "/unread") return std::unexpected(net::error_reply(401, "denied", "not from you"));
  return head.path == "/large" ? usual * 10 : usual;
}

Task<> EchoHandler::echo(net::WsConnection& connection, Stop& drain) {
  ++websockets;
  Stop never;
  // A drain closes politely: the close needs somebody who reads, which is this loop.
  OneShot<bool> closed(loop_);
  bool closing = false;
  auto hook = drain.on_request([&] {
    closing = true;
    boost::asio::co_spawn(
        loop_.context(), [&]() { return connection.close(net::close_code::kGoingAway, "draining"); },
        [&](std::exception_ptr) { closed.set(true); });
  });
  for (;;) {
    auto message = co_await connection.read(never);
    if (!message) {
      last_error = message.error().message;
      last_code = message.error().code;
      break;
    }
    std::string answer =
        message->text ? std::move(message->data) : "binary:" + std::to_string(message->data.size());
    if (!co_await net::send_text(connection, std::move(answer))) break;
  }
  if (closing) co_await closed.wait();
  --websockets;
}

Task<> EchoHandler::ignore(net::WsConnection&, Stop& drain) {
  ++websockets;
  OneShot<bool> drained(loop_);
  auto hook = drain.on_request([&] { drained.set(true); });
  co_await drained.wait();
  --websockets;
}

EchoServer::EchoServer(net::HttpServerSettings settings) {
  auto made = net::listen_http(loop, std::move(settings), handler);
  if (!made) throw std::runtime_error(made.error().message);
  server = std::move(*made);
}

void EchoServer::run(std::function<Task<>()> body, Milliseconds patience) {
  const auto whole = [&]() -> Task<> {
    std::exception_ptr failure;
    try {
      co_await body();
    } catch (...) {
      failure = std::current_exception();
    }
    co_await server->stop(failure ? 0ms : patience);
    if (failure) std::rethrow_exception(failure);
  };
  fakes::run(loop, whole());
}

std::string EchoServer::url(const std::string& path) const {
  return "ws://127.0.0.1:" + std::to_string(port()) + path;
}

Task<bool> eventually(Loop& loop, std::function<bool()> condition) {
  Stop never;
  const Instant end = loop.clock().now() + kMaxTestWait / 2;
  while (!condition()) {
    if (loop.clock().now() > end) co_return false;
    co_await loop.sleep_for(1ms, never);
  }
  co_return true;
}

}  // namespace troupe::fakes
