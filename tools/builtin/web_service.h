#pragma once

#include "runtime/base/context.h"
#include "runtime/base/json.h"
#include "runtime/net/http_client.h"

#include <chrono>
#include <string>
#include <string_view>

namespace troupe::tools {

/// How often a service that is busy or broken is asked again, and how long is waited before.
struct Patience {
  int attempts = 3;
  std::chrono::milliseconds first_wait{500};  ///< doubled each time, unless the service says how long
  std::chrono::milliseconds wait_max{5'000};  ///< a Retry-After beyond it is not waited for
};

/// Seconds or an HTTP date in Retry-After, from `now` on; nothing when there is none or it cannot be read.
std::optional<std::chrono::milliseconds> retry_after(const net::HttpHead& head, std::int64_t now_ms);

/// Whether asking again may help: a network failure, 429, or a server error.
bool worth_repeating(const Result<net::HttpResponse>& answer);

/// Fetches, and asks again while that may help and time is left. What is repeated must be a read. The last
/// answer is returned whatever its status. Errors: as HttpClient::fetch; cancelled and timeout at once.
Task<Result<net::HttpResponse>> fetch_patiently(net::HttpClient& http, net::HttpRequest request,
                                                Patience patience, CallContext& context);

/// Whether paths may be appended to it: http or https with a host, "" included. Error: invalid. Without a
/// host the beginning of the path would become one.
Result<> check_base_url(std::string_view url);

/// The body of an answer as JSON. Errors: protocol, with the beginning of what came instead.
Result<Json> json_body(const net::HttpResponse& answer, std::string_view service);

/// The beginning of a text in one line, for an error message.
std::string excerpt(std::string_view text, std::size_t bytes_max = 160);

}  // namespace troupe::tools
