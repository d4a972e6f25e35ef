#pragma once

#include "runtime/base/limits.h"

/// The bounds of files beside the journal, beside those of runtime/base/limits.h.
namespace troupe::limits {

inline constexpr auto kCacheWait = 2s;                        // for a cache's file: then it is done without
inline constexpr auto kCacheRest = 5min;                      // of a cache whose disk is full or fails
inline constexpr std::size_t kCacheWaitingBytes = 32u << 20;  // of texts that wait to be written to one

}  // namespace troupe::limits
