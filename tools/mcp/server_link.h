#pragma once

#include "tools/mcp/server.h"

#include <map>

namespace troupe::tools::mcp {

/// What a caller waits for.
struct Server::Waiting {
  explicit Waiting(Loop& loop) : answer(loop) {}

  OneShot<Result<Json>> answer;
  std::function<void(const Progress&)> progressed;
  bool resend = false;  ///< the server has not looked at it: it may be sent again
};

/// One connection.
struct Server::Link {
  Link(SessionSettings settings, Stop& closing)
      : session(std::move(settings)), over(closing), news(closing) {}

  Session session;
  std::unique_ptr<Transport> transport;
  Stop over;             ///< it has ended, or is to end
  Stop news;             ///< it was opened, or will not be
  bool leaving = false;  ///< it takes no calls any more, and ends with those that it has
  Error why{ErrorCode::network, "the connection ended"};
  std::map<CallId, Waiting*> calls;
  CallId listening = 0;  ///< whose answer is the end of a subscription
  Instant listed_at{};
  bool relisting = false;
  bool performing = false;
};

}  // namespace troupe::tools::mcp
