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
inline constexpr std::size_t kTenantCalls = 256;    // of one tenant at all endpoints
inline constexpr std::size_t kModelQueue = 10'000;  // calls that wait for their turn at one
inline constexpr auto kModelWaitTold = 2s;          // a longer wait is told
inline constexpr std::int64_t kReplyTokens =
    1'000;                                    // of a reply that is not there yet, where nothing bounds it
inline constexpr std::size_t kFallbacks = 8;  // of one model
inline constexpr std::size_t kFailureBytes = 600;  // of each model's error, where several are told at once
inline constexpr std::size_t kModelStreamBytes = 64u << 20;  // of a reply as it comes over the wire
inline constexpr std::size_t kSseEventBytes = 4u << 20;      // one event of a stream
inline constexpr std::size_t kCassetteBytes = 64u << 20;
inline constexpr std::size_t kErrorBodyBytes = 64u << 10;    // what is read of an HTTP error
inline constexpr std::size_t kCachedReplies = 100'000;       // in memory
inline constexpr std::size_t kReplayedPiece = 64;            // of a cached reply, as its stream brings it
inline constexpr std::size_t kReplayedAtOnce = 8u << 10;     // of one, in one turn of the loop
inline constexpr std::size_t kExactCountBytes = 32u << 10;   // of one text, by its encoding: a few ms
inline constexpr std::size_t kExactPromptBytes = 64u << 10;  // the same of all texts at once
inline constexpr double kTokenRatioMin = 0.5;                // of reported to estimated tokens …
inline constexpr double kTokenRatioMax = 2;                  // … as it is believed
inline constexpr double kTokenRatioWeight = 0.3;             // of the newest report
inline constexpr long long kLearntFromTokens = 64;           // of a request: smaller ones say little
inline constexpr std::int64_t kReplyShare = 4;               // the part of a context that is for the reply …
inline constexpr std::int64_t kReplyRoomMax = 4'096;         // … at most, without max_output_tokens
inline constexpr std::int64_t kContextMin = 256;             // a smaller one is not believed

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

// pictures and schemas
inline constexpr std::size_t kPictureBytes = 5u << 20;    // of one picture: what the strictest provider takes
inline constexpr std::size_t kPicturesBytes = 20u << 20;  // of a message's pictures together
inline constexpr int kPictureTokens = 1'000;              // what one is taken for where nobody counts
inline constexpr std::size_t kBlankRun =
    256;  // blanks in a row, of a reply held to a schema: it writes no more

}  // namespace troupe::limits
