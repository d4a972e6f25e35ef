#pragma once

#include "runtime/async/loop.h"
#include "runtime/net/ws_connection.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace troupe::net {

/// How to open a WebSocket. Header values may hold secrets: they are never logged and never part of an error.
struct WsConnect {
  std::string url;  ///< ws, wss, http or https
  std::vector<std::pair<std::string, std::string>> headers;
  std::string subprotocol;  ///< "" = none is offered
  std::chrono::milliseconds timeout =
      limits::kConnectTimeout;  ///< resolve, connect, TLS and handshake together
  std::string ca_file;          ///< wss: "" = the system's certificates
  WsSettings settings{.message_max = limits::kOutboxBytes, .ping_every = {}, .silence = limits::kSilence};
};

/// Connects and shakes hands. Errors: network (resolve, connect, TLS), timeout, cancelled, invalid (the URL),
/// denied (401, 403; what the server said is in the message), busy (429, 503), protocol (any other answer, or
/// another subprotocol); `status` is the HTTP status where one came back.
Task<Result<std::unique_ptr<WsConnection>>> connect_websocket(Loop& loop, WsConnect how, Stop& stop);

}  // namespace troupe::net
