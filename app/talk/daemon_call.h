#pragma once

#include "app/talk/peer.h"
#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string>

namespace troupe::app {

/// A request of a running daemon's HTTP interface.
struct DaemonCall {
  std::string method;
  std::string path;  ///< "/v1/sessions/s_1", with its query, encoded
  std::string body;  ///< JSON; "" = none
};

/// Asks the daemon and returns its answer. Errors: what the daemon refused, with its code and message; and
/// those of the way to it, naming it.
Task<Result<Json>> call_daemon(Loop& loop, RemoteSettings daemon, DaemonCall call);

/// Encodes what is to stand in a path or query as one piece (RFC 3986, section 2).
std::string percent_encoded(std::string_view text);

}  // namespace troupe::app
