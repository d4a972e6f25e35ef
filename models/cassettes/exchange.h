#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/net/http_client.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models {

/// One HTTP exchange as a cassette keeps it.
struct Exchange {
  Json request;                     ///< as request_form.h has it
  net::HttpHead head;               ///< status 0: none came
  std::vector<std::string> pieces;  ///< of the body, as they came
  Result<> end;                     ///< how it ended: whole, or the error of the transport
  bool closed = false;              ///< its reader had enough: more may have come

  /// Whether what came is an answer that serves again and again, not a refusal or a broken connection.
  bool good() const { return end && head.status < 400; }
};

/// One line of JSON, without the line feed.
std::string to_line(const Exchange& exchange);
/// Errors: invalid, naming what is missing.
Result<Exchange> from_line(std::string_view line);

}  // namespace troupe::models
