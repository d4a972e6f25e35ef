#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/base/limits.h"
#include "runtime/base/result.h"

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One outbound request. Header values may hold secrets: they are never logged and never part of an error.
struct HttpRequest {
  std::string method = "GET";
  std::string url;
  Headers headers;
  std::string body;
  std::chrono::milliseconds connect_timeout = limits::kConnectTimeout;
  std::chrono::milliseconds idle_timeout = limits::kModelIdle;  ///< without a byte from the peer
  Deadline deadline;                                            ///< for the whole exchange
  std::size_t body_max = limits::kFetchBytes;                   ///< of the answer, after decompression
  int redirects_max = 0;                                        ///< 0: a 3xx is an answer like any other
};

struct HttpHead {
  int status = 0;
  Headers headers;  ///< names in lower case, in order of arrival; of the last hop only
  std::string url;  ///< of the last hop
  /// First value of `name` (lower case), or "".
  std::string_view header(std::string_view name) const;
};

struct HttpResponse : HttpHead {
  std::string body;
};

/// Receives an answer as it arrives. Loop thread, called from inside the client: it must not call the
/// client, and returning false closes the connection at once (which is not an error).
class BodySink {
 public:
  virtual ~BodySink() = default;
  virtual bool on_head(const HttpHead& head) { return true; }
  virtual bool on_data(std::string_view bytes) = 0;
};

/// An HTTP/1.1 client on the loop. Redirects are off unless asked for. Loop thread only.
///
/// Errors: network (resolve, connect, TLS, a cut answer; retryable, unless the name does not exist or the
/// certificate is not accepted), timeout (connect and idle are retryable, the deadline is not), too_large
/// (body_max, or a head beyond limits::kAnswerHeadBytes), denied (the guard refused an address, its rule is
/// named; a URL that is not http/https), invalid (a URL, header or method that cannot be sent; network.ca
/// that cannot be read), protocol (no HTTP/1.1 came back, damaged compression, too many redirects), busy
/// (limits::kTransfers are in flight), cancelled (stop). An HTTP status of any kind is not an error here.
/// Messages begin with method and URL ("GET https://host/path: connect to 10.0.0.1:443 refused"), without
/// query and userinfo, which may hold keys.
///
/// A POST or PATCH is never sent a second time, also not when a kept connection dies under it: the peer may
/// have acted on the first. On a redirect to another origin only headers that cannot hold a secret go along.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  /// The whole answer in memory. Asks for gzip and undoes it; the headers stay as they came.
  virtual Task<Result<HttpResponse>> fetch(HttpRequest request, Stop& stop) = 0;
  /// The answer piece by piece; returns its head when it is complete or the sink closed it. An exception from
  /// the sink closes the connection and is thrown again here.
  virtual Task<Result<HttpHead>> stream(HttpRequest request, BodySink& sink, Stop& stop) = 0;
};

/// From the `network:` section.
struct NetworkSettings {
  /// http://, https:// or socks5h://[user:password@]host:port; "" = none. Loopback and allow_private are
  /// reached directly. Environment variables never redirect traffic that bears keys. Behind a proxy the guard
  /// judges what this machine can resolve; beyond that the proxy's own policy decides.
  std::string proxy;
  /// A bundle, or a folder of hashed certificates, instead of the system's; "" = the system's.
  std::string ca_file;
  std::vector<std::string>
      allow_private;  ///< hosts, addresses or CIDR blocks that tools and loaders may reach
  bool operator==(const NetworkSettings&) const = default;
};

enum class Guarding {
  open,     ///< model endpoints: the operator wrote the address down, it may be local
  guarded,  ///< tools and loaders: private, loopback, link-local and metadata addresses are refused
};

/// libcurl on the loop, as docs/architecture.md describes. It is loaded with the first URL; SIGPIPE must
/// be ignored or blocked. No exchange may be in flight when it is destroyed. An entry of allow_private that
/// cannot be read makes the whole list void, with a line in the log; OutboundGuard::check_entry tells
/// beforehand.
std::unique_ptr<HttpClient> make_curl_client(Loop& loop, NetworkSettings settings, Guarding guarding);

}  // namespace troupe::net
