#pragma once

#include "gateway/http/query.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/json.h"
#include "runtime/net/http_server.h"

#include <cstddef>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::gateway {

/// A request that was let in, as who answers it sees it.
struct HttpCall {
  net::ServerRequest request;
  Principal principal;
  std::vector<std::string> names;  ///< what stands in the path for each `{…}`, decoded, never ""
  Query query;
  Stop& drain;  ///< requested when the server stops: who waits comes back soon
};

/// What can be asked for. A path may stand in several routes, once for each method.
struct HttpRoute {
  std::string method;
  std::string path;                     ///< "/v1/sessions/{id}": a name in braces is any one segment
  std::vector<std::string> parameters;  ///< of the query; others are refused
  bool open = false;                    ///< needs no token
  std::size_t body_max = 0;             ///< bytes; 0: as every other
  std::function<Task<net::ServerReply>(HttpCall call)> answer;
};

/// Finds who answers a request. Pure, once the routes are there.
class Router {
 public:
  void add(HttpRoute route) { routes_.push_back(std::move(route)); }

  struct Match {
    const HttpRoute* route = nullptr;
    std::vector<std::string> names;
  };
  /// A route without braces goes before one with them. HEAD is asked of GET. Error: the answer to give: 404
  /// with what may have been meant, or the paths there are; 405 with Allow; 400 for a path that is not
  /// encoded rightly.
  std::expected<Match, net::ServerReply> find(std::string_view method, std::string_view path) const;

 private:
  std::string suggestion(std::string_view path) const;

  std::vector<HttpRoute> routes_;
};

/// The failure as HTTP says it.
net::ServerReply failure_reply(const Error& error);
/// The HTTP status that goes with a failure.
int status_of(ErrorCode code);
net::ServerReply json_reply(const Json& body, int status = 200);

}  // namespace troupe::gateway
