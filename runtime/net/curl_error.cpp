#include "runtime/net/curl_error.h"

#include "runtime/net/curl_library.h"

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace troupe::net {
namespace {

Error network(std::string message, bool retryable = true) {
  return Error{ErrorCode::network, std::move(message), retryable};
}

std::string peer(const CurlFailure& f) {
  const std::string& name = f.peer.empty() ? f.host : f.peer;
  return f.proxied ? "the proxy " + name : name;
}

Error refused_connect(const CurlFailure& f) {
  const std::string where = "connect to " + peer(f);
  switch (f.os_error) {
    case 0:
      return network(where + " failed");
    case ECONNREFUSED:
      return network(where + " refused");
    case ETIMEDOUT:
      return network(where + ": no answer");
    case EMFILE:
    case ENFILE:
      return network(where + ": this process has no file descriptor left (see ulimit -n)");
    default:
      return network(fmt::format("{}: {}", where, std::strerror(f.os_error)));
  }
}

Error timed_out(const CurlFailure& f) {
  const std::string what = f.connected ? "the handshake with " + peer(f) + " did not finish"
                                       : "connect to " + peer(f) + ": no answer";
  return Error{ErrorCode::timeout, fmt::format("{} within {}", what, spoken(f.connect_timeout)), true};
}

Error cut(const CurlFailure& f) {
  if (f.head_complete)
    return network(fmt::format("{} cut the answer after {} bytes of its body", peer(f), f.body_bytes));
  if (f.os_error == ECONNRESET) return network(peer(f) + " reset the connection before it answered");
  return network(peer(f) + " closed the connection before it answered");
}

}  // namespace

std::string spoken(std::chrono::milliseconds duration) {
  const auto ms = duration.count();
  if (ms < 1000) return fmt::format("{} ms", ms);
  if (ms % 60'000 == 0) return fmt::format("{} min", ms / 60'000);
  if (ms % 1000 == 0) return fmt::format("{} s", ms / 1000);
  return fmt::format("{:.1f} s", static_cast<double>(ms) / 1000);
}

Error describe(const CurlFailure& f) {
  switch (f.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return network("resolve " + f.host + " failed");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return network("resolve the proxy of network.proxy failed");
    case CURLE_COULDNT_CONNECT:
      return refused_connect(f);
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out(f);
    case CURLE_PEER_FAILED_VERIFICATION:  // the same certificate will be there the next time
      return network(fmt::format("the certificate of {} is not accepted: {}", f.host, f.detail), false);
    case CURLE_SSL_CONNECT_ERROR:
      return network(fmt::format("the TLS handshake with {} failed: {}", peer(f), f.detail));
    case CURLE_SEND_ERROR:
      return network(peer(f) + " broke the connection while the request was sent");
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
      return cut(f);
    case CURLE_UNSUPPORTED_PROTOCOL:  // "HTTP/0.9 not allowed": what came does not begin with a status line
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_HTTP2:
      return Error{ErrorCode::protocol, peer(f) + " does not answer in HTTP/1.1"};
    case CURLE_BAD_CONTENT_ENCODING:
      return Error{ErrorCode::protocol, fmt::format("the compressed answer of {} is damaged", peer(f))};
    case CURLE_OUT_OF_MEMORY:
      return Error{ErrorCode::internal, "libcurl is out of memory"};
    default:
      return network(fmt::format("libcurl gave up: {}", curl().easy_strerror(f.code)));
  }
}

}  // namespace troupe::net
