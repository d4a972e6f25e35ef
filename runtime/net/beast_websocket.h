#pragma once

#include "runtime/async/loop.h"
#include "runtime/net/beast_transport.h"
#include "runtime/net/ws_connection.h"

#include <memory>
#include <string>

namespace troupe::net {

/// A WsConnection that was made by the server half: what the HTTP connection it came from still has to do.
class AcceptedWebSocket : public WsConnection {
 public:
  /// After the handler has returned: lets the last frames leave, ends the stream, at most `patience`.
  virtual Task<> finish(Milliseconds patience) = 0;
};

/// The parts of a valid upgrade request that the handshake needs.
struct WsUpgrade {
  std::string target;
  std::string host;
  std::string key;          ///< Sec-WebSocket-Key
  std::string subprotocol;  ///< the one to agree on, or ""
  std::string request_id;
};

/// Answers 101 and takes the transport over. Errors: network, timeout.
Task<Result<std::unique_ptr<AcceptedWebSocket>>> accept_websocket(Loop& loop, WsSettings settings,
                                                                  Transport transport, WsUpgrade upgrade,
                                                                  Milliseconds timeout);

}  // namespace troupe::net
