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
inline constexpr std::size_t kErrorBodyBytes = 64u << 10;  // what is read of an HTTP error

// embedders
inline constexpr std::size_t kEmbeddingBytes = 64u << 20;     // of an answer with vectors
inline constexpr std::size_t kEmbeddingBatch = 2'048;         // texts of one request, whatever the entry says
inline constexpr std::size_t kDecodeOnLoopBytes = 64u << 10;  // a longer answer is read on a worker
inline constexpr std::size_t kHashOnLoopBytes = 32u << 10;    // more text is hashed on a worker …
inline constexpr std::size_t kHashSliceBytes = 512u << 10;    // … in turns of about this much

// trials of entries
inline constexpr int kTrialTokens = 200;  // of one reply
inline constexpr auto kTrialTime = 90s;   // of one entry; a server may have to load its model
inline constexpr auto kRemoteTime = 20s;  // of one provider's list of models
inline constexpr std::size_t kRemoteModels = 5'000;
inline constexpr std::size_t kRemotePages = 20;
inline constexpr std::size_t kRemoteBytes = 16u << 20;

}  // namespace troupe::limits
