#pragma once

#include "runtime/base/limits.h"

/// The bounds that only model providers need, beside those of runtime/base/limits.h.
namespace troupe::limits {

inline constexpr auto kBackoffFirst = 500ms;  // half to all of it, then doubled
inline constexpr auto kBackoffLongest = 8s;
inline constexpr auto kRetryAfterMax = 60s;                  // who asks for a longer pause is not waited for
inline constexpr std::size_t kModelStreamBytes = 64u << 20;  // of a reply as it comes over the wire
inline constexpr std::size_t kSseEventBytes = 4u << 20;      // one event of a stream
inline constexpr std::size_t kCassetteBytes = 64u << 20;
inline constexpr std::size_t kPictureBytes = 5u << 20;    // of one picture: what the strictest provider takes
inline constexpr std::size_t kPicturesBytes = 20u << 20;  // of a message's pictures together
inline constexpr int kPictureTokens = 1'000;              // what one is taken for where nobody counts
inline constexpr std::size_t kBlankRun =
    256;  // blanks in a row, of a reply held to a schema: it writes no more
inline constexpr std::size_t kErrorBodyBytes = 64u << 10;  // what is read of an HTTP error

}  // namespace troupe::limits
