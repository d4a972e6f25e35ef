#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"
#include "runtime/net/ws_connection.h"

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::net {

/// A request as it came in.
struct ServerRequest {
  std::string method;                                        ///< as sent
  std::string path;                                          ///< as sent, without the query; begins with '/'
  std::string query;                                         ///< without the '?'
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case, in order of arrival
  std::string body;
  std::string id;         ///< ours, or the client's X-Request-Id when it is a sane one; every answer bears it
  std::string peer;       ///< address, no port
  std::string local;      ///< the address of ours that the peer reached
  bool loopback = false;  ///< the peer is this machine
  bool tls = false;

  /// First value of `name` (lower case), or "".
  std::string_view header(std::string_view name) const;
  std::size_t count(std::string_view name) const;
};

/// Where the body of an answer goes that comes piece by piece.
class BodyWriter {
 public:
  virtual ~BodyWriter() = default;
  /// Returns when the kernel has taken it, which a slow reader delays. False: the peer has gone, or took none
  /// for HttpServerSettings::write_timeout; nothing more arrives.
  virtual Task<bool> write(std::string bytes) = 0;
};

struct ServerReply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  /// When set, writes the body instead of `body`, and returns when there is no more, at the latest soon after
  /// the server drains.
  std::function<Task<>(BodyWriter& body)> stream{};
};

/// `{"error":{"code","message"}}`, the one form of every HTTP error.
ServerReply error_reply(int status, std::string_view code, std::string_view message);

/// A request to become a WebSocket was granted: `serve` gets the connection and returns when it is done with
/// it, at the latest soon after `drain` was requested. What it returns without closing is dropped.
struct WsGrant {
  std::string subprotocol;  ///< the one to agree on, or ""
  std::function<Task<>(WsConnection& connection, Stop& drain)> serve;
};

/// Answers requests. Loop thread; many at a time.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  /// A whole request. `drain` is requested when the server stops: whoever waits comes back soon.
  virtual Task<ServerReply> on_http(ServerRequest request, Stop& drain) = 0;
  /// A well-formed WebSocket upgrade (RFC 6455, section 4.2.1): granted, or answered like any other request.
  virtual Task<std::expected<WsGrant, ServerReply>> on_upgrade(ServerRequest request) = 0;
  /// The head of a request that is no upgrade, before a byte of its body is read: how large the body may be,
  /// or the answer without it, after which the connection is closed. `usual` is HttpServerSettings::body_max.
  /// Must not wait.
  virtual std::expected<std::size_t, ServerReply> on_head(const ServerRequest& head, std::size_t usual) {
    return usual;
  }
};

struct HttpServerSettings {
  std::string address = "127.0.0.1";  ///< an IPv4 or IPv6 address
  std::uint16_t port = 0;             ///< 0: a free one
  std::string tls_certificate;        ///< path, PEM; "" = plain HTTP
  std::string tls_key;
  std::size_t connections_max = limits::kConnections;  ///< over it: 503 and close
  std::size_t header_max = limits::kHeaderBytes;
  std::size_t body_max = limits::kMessageBytes;
  std::chrono::milliseconds header_timeout = limits::kHeaderTimeout;  ///< TLS handshake, too
  std::chrono::milliseconds body_timeout = limits::kBodyTimeout;
  std::chrono::milliseconds idle_timeout = limits::kKeepAlive;
  std::chrono::milliseconds write_timeout = limits::kWriteTimeout;
  WsSettings websocket;
};

/// An HTTP/1.1 and WebSocket server on the loop. Everything a peer can do to it has a bound; what is
/// malformed is answered 400 (or 408, 413, 426, 431, 501) and closed. When no descriptor is left it stops
/// accepting for a while instead of spinning. Loop thread only; stop() must have returned before it is
/// destroyed.
class HttpServer {
 public:
  virtual ~HttpServer() = default;
  virtual std::uint16_t port() const = 0;
  virtual std::size_t connections() const = 0;
  /// Stops accepting, closes idle connections, lets the others end until `patience` is over, then drops them.
  virtual Task<> stop(Milliseconds patience) = 0;
};

/// Binds and starts accepting on the next turn of the loop. The handler must outlive the server. Errors:
/// invalid (address, certificate), network (the port is taken), each naming the address.
Result<std::unique_ptr<HttpServer>> listen_http(Loop& loop, HttpServerSettings settings,
                                                HttpHandler& handler);

}  // namespace troupe::net
