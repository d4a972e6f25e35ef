#pragma once

#include "runtime/net/http_server.h"
#include "tests/fakes/run_loop.h"

#include <atomic>
#include <functional>
#include <memory>
#include <string>

namespace troupe::fakes {

/// Says back what it was told: HTTP requests as "METHOD path body", WebSocket messages as they came (a binary
/// one as "binary:SIZE"). /wait answers when the server drains; /deny refuses to become a WebSocket; a
/// WebSocket on /deaf never reads. A body on
/// /large may be ten times as large as elsewhere; on /unread none is read. /pieces is answered piece by
/// piece; /endless without end, until its reader has gone.
class EchoHandler final : public net::HttpHandler {
 public:
  explicit EchoHandler(Loop& loop) : loop_(loop) {}
  Task<net::ServerReply> on_http(net::ServerRequest request, Stop& drain) override;
  Task<std::expected<net::WsGrant, net::ServerReply>> on_upgrade(net::ServerRequest request) override;
  std::expected<std::size_t, net::ServerReply> on_head(const net::ServerRequest& head,
                                                       std::size_t usual) override;

  std::size_t requests = 0;
  std::size_t cut = 0;         ///< readers of /endless that have gone
  std::size_t websockets = 0;  ///< open now
  std::string last_error;      ///< what the last WebSocket ended with
  ErrorCode last_code = ErrorCode::internal;

 private:
  Task<> echo(net::WsConnection& connection, Stop& drain);
  Task<> ignore(net::WsConnection& connection, Stop& drain);
  Loop& loop_;
};

/// An echo server on a free port of loopback, for one test.
class EchoServer {
 public:
  explicit EchoServer(net::HttpServerSettings settings = {});

  /// Runs the test's coroutine, then stops the server with `patience`.
  void run(std::function<Task<>()> body, Milliseconds patience = Milliseconds(1000));

  std::uint16_t port() const { return server->port(); }
  std::string url(const std::string& path) const;

  SystemClock clock;
  Loop loop{clock};
  EchoHandler handler{loop};
  std::unique_ptr<net::HttpServer> server;
};

/// Comes back when the condition holds, or after the time a test may wait; true when it holds.
Task<bool> eventually(Loop& loop, std::function<bool()> condition);

}  // namespace troupe::fakes
