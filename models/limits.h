#pragma once

#include "runtime/base/limits.h"

#include <cstdint>

/// The bounds that only model providers need, beside those of runtime/base/limits.h.
namespace troupe::limits {

inline constexpr auto kBackoffFirst = 500ms;  // half to all of it, then doubled
inline constexpr auto kBackoffLongest = 8s;
inline constexpr auto kRetryAfterMax = 60s;  // who asks for a longer pause is not waited for
inline constexpr int kBreakerFailures = 10;  // of an endpoint in a row, before it is left alone,
inline constexpr auto kBreakerSpan = 2s;     // and for so long: a moment's hiccup of many calls is none;
inline constexpr auto kBreakerFirst = 5s;    // it is left alone for so long, doubled
inline constexpr auto kBreakerLongest = 60s;
inline constexpr int kModelConcurrency = 256;       // calls of one endpoint and key at work at once
inline constexpr std::size_t kModelQueue = 10'000;  // calls that wait for their turn at one
inline constexpr auto kModelWaitTold = 2s;          // a longer wait is told
inline constexpr std::int64_t kReplyTokens =
    1'000;                                    // of a reply that is not there yet, where nothing bounds it
inline constexpr std::size_t kFallbacks = 8;  // of one model
inline constexpr std::size_t kFailureBytes = 600;  // of each model's error, where several are told at once
inline constexpr std::size_t kModelStreamBytes = 64u << 20;  // of a reply as it comes over the wire
inline constexpr std::size_t kSseEventBytes = 4u << 20;      // one event of a stream
inline constexpr std::size_t kCassetteBytes = 64u << 20;
inline constexpr std::size_t kErrorBodyBytes = 64u << 10;  // what is read of an HTTP error

}  // namespace troupe::limits
