#pragma once

#include "models/limits.h"
#include "runtime/base/result.h"

#include <chrono>
#include <cstdint>
#include <optional>

namespace troupe::models {

/// When and how long to wait before a call is tried again. Pure.
struct RetryPolicy {
  int retries = limits::kModelRetries;                          ///< attempts after the first
  std::chrono::milliseconds first = limits::kBackoffFirst;      ///< doubled at each further attempt …
  std::chrono::milliseconds longest = limits::kBackoffLongest;  ///< … up to this
  std::chrono::milliseconds ask_max =
      limits::kRetryAfterMax;  ///< a server that asks for more is not waited for

  /// The wait before attempt `attempt` (2 is the first retry): what the server asked for and a little more,
  /// so that many callers do not come back at once; else the backoff. `random` is any 64 bits. Nothing: do
  /// not try again.
  std::optional<std::chrono::milliseconds> wait(const Error& error, int attempt, std::uint64_t random) const;

  /// Half to all of the step before attempt `attempt`, where nobody said how long to wait.
  std::chrono::milliseconds backoff(int attempt, std::uint64_t random) const;
  /// What a server asked for, and up to a tenth or a second more.
  static std::chrono::milliseconds spread(std::chrono::milliseconds asked, std::uint64_t random);
};

}  // namespace troupe::models
