#pragma once

#include "runtime/async/loop.h"
#include "runtime/net/beast_transport.h"
#include "runtime/net/ws_connection.h"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::net {

/// What a client says in its upgrade request.
struct WsHandshake {
  std::string host;  ///< value of the Host header
  std::string target;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string subprotocol;
};

/// What would end the step of a connection attempt that is under way now.
struct HandshakeAbort {
  std::function<void()> action;
};

/// The client's half of the handshake over a connected transport. The caller bounds the time with `abort`.
Task<Result<std::unique_ptr<WsConnection>>> handshake_websocket(Loop& loop, WsSettings settings,
                                                                Transport transport, WsHandshake handshake,
                                                                HandshakeAbort& abort);

}  // namespace troupe::net
