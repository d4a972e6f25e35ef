#pragma once

#include "runtime/net/http_client.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::models {

/// How long a server asks to wait before the next attempt: `retry-after-ms`, else `Retry-After` in seconds
/// (also with a fraction) or as an HTTP date (RFC 9110 10.2.3), else what the error text says ("Please try
/// again in 6.5s", "in 250ms", "in 3 seconds"). Never negative; a date in the past is zero. Nothing when it
/// says nothing.
std::optional<std::chrono::milliseconds> retry_after(const net::HttpHead& head, std::string_view message,
                                                     std::int64_t wall_ms);

/// Milliseconds since the epoch of an HTTP date in the preferred form ("Sun, 06 Nov 1994 08:49:37 GMT").
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace troupe::models
