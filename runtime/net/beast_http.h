#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/base/ids.h"
#include "runtime/net/beast_transport.h"
#include "runtime/net/http_server.h"

#include <memory>
#include <string>

namespace troupe::net {

struct HttpPeer {
  std::string address;
  std::string local;
  bool loopback = false;
  bool tls = false;
};

/// What all connections of one server share.
struct HttpScope {
  Loop& loop;
  const HttpServerSettings& settings;
  HttpHandler& handler;
  Rng& rng;
  Stop& drain;  ///< end when what is under way has ended
  Stop& drop;   ///< end now
};

/// One accepted connection from its handshake to its end: requests one after the other, perhaps a WebSocket.
Task<> serve_http(HttpScope scope, std::unique_ptr<ByteStream> bytes, HttpPeer peer);

}  // namespace troupe::net
