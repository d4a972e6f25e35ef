#pragma once

#include "runtime/async/task.h"
#include "runtime/base/result.h"
#include "tools/mcp/protocol/action.h"

#include <string>
#include <string_view>

namespace troupe::tools::mcp {

/// Who is told what a transport brings. Loop thread; also from inside start() and send(), never after close()
/// has returned.
class TransportEvents {
 public:
  virtual ~TransportEvents() = default;
  /// One JSON-RPC message, or a batch.
  virtual void on_message(std::string_view text) = 0;
  /// HTTP refused the message of a call.
  virtual void on_refused(CallId call, int status, std::string body) = 0;
  /// No answer to this call will come.
  virtual void on_unanswered(CallId call, Error why) = 0;
  /// The message of this call never left: the server cannot be connected to.
  virtual void on_unsent(CallId call, Error why) = 0;
  /// The server does not know our session any more, and has not looked at this call (0: none).
  virtual void on_session_gone(CallId call) = 0;
  /// The connection is over. Once, and the last event.
  virtual void on_lost(Error why) = 0;
  /// Whether somebody still wants the answer of a call.
  virtual bool waits_for(CallId call) const = 0;
};

/// Carries the messages of one connection. Loop thread only. close() must have returned before it is
/// destroyed.
class Transport {
 public:
  virtual ~Transport() = default;
  /// Errors: what keeps it from even trying; nothing is to be closed then.
  virtual Result<> start() = 0;
  /// Takes a message to be sent; what becomes of it is an event. Never waits.
  virtual void send(Send message) = 0;
  /// The answer of a call is not wanted any more.
  virtual void abandon(CallId call) = 0;
  /// The connection is open: what the server says by itself is to be heard, too.
  virtual void listen() = 0;
  /// Ends the connection in order, within bounds.
  virtual Task<> close() = 0;
};

}  // namespace troupe::tools::mcp
