#pragma once

#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <cstddef>
#include <string>

namespace troupe::memory {

/// What a server said of a page that is known or not.
struct WebPage {
  enum class State {
    fetched,
    unchanged,  ///< 304: it is what the stamp was made of
    gone,       ///< 404 or 410
  };
  State state = State::fetched;
  std::string bytes;
  std::string content_type;
  std::string stamp;  ///< its ETag and Last-Modified; "" when the server gave none
};

/// Asks for a page, and for its bytes only when they are not those of `stamp` (RFC 9110, 13.1); "": always.
/// Redirects are followed. Loop thread. Errors: those of HttpClient
/// (too_large past `most` bytes), network with its status for any other answer (retryable from 500 on),
/// protocol (304 without being asked).
Task<Result<WebPage>> fetch_page(net::HttpClient& http, std::string url, std::string stamp, std::size_t most,
                                 Deadline deadline, Stop& stop);

}  // namespace troupe::memory
