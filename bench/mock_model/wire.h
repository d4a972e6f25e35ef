#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::bench {

/// One HTTP request at the start of a buffer.
struct Request {
  std::size_t bytes = 0;  ///< head and body; 0 = not complete yet
  std::string_view target;
  std::string_view body;
  bool stream = false;  ///< "stream":true
};

/// Finds the request at the start of `buffer`. Understands what an HTTP/1.1 client with Content-Length sends.
Request read_request(std::string_view buffer);

/// A chat completion as one JSON response, head included.
std::string plain_response(std::string_view reply);

/// A chat completion as server-sent events: the head, then one piece per `token_bytes` of the reply, then the
/// end with usage, each already framed as an HTTP chunk. Joined they are the whole response.
struct StreamedResponse {
  std::string head;
  std::vector<std::string> tokens;
  std::string tail;
};
StreamedResponse streamed_response(std::string_view reply, std::size_t token_bytes);

std::string not_found_response();

}  // namespace troupe::bench
