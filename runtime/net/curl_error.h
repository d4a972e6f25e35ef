#pragma once

#include "runtime/base/result.h"

#include <chrono>
#include <cstddef>
#include <string>

#include <curl/curl.h>

namespace troupe::net {

/// What is known about a transfer that libcurl gave up.
struct CurlFailure {
  CURLcode code = CURLE_OK;
  int os_error = 0;        ///< errno of the last system call that failed, or 0
  std::string detail;      ///< libcurl's own words; used only where they hold nothing but host names
  std::string host;        ///< of the URL
  std::string peer;        ///< the address and port of the last connect ("127.0.0.1:9"), or ""
  bool proxied = false;    ///< that peer is the proxy
  bool connected = false;  ///< TCP stood, TLS did not yet
  bool head_complete = false;
  std::size_t body_bytes = 0;
  std::chrono::milliseconds connect_timeout{0};
};

/// Says what was tried and what came back ("connect to 127.0.0.1:9 refused"), with the code and retryability
/// of http_client.h. Pure.
Error describe(const CurlFailure& failure);

/// "250 ms", "1.5 s", "2 min": how durations are written in messages.
std::string spoken(std::chrono::milliseconds duration);

}  // namespace troupe::net
