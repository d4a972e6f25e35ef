#pragma once

#include "runtime/base/limits.h"

#include <cstdint>

/// The bounds of a run that only agents need, beside those of runtime/base/limits.h.
namespace troupe::limits {

inline constexpr std::size_t kCallsPerStep = 32;          // beyond, a call is refused
inline constexpr std::size_t kStoredOutput = 4u << 20;    // of one tool output, kept to page through
inline constexpr std::size_t kStoredOutputs = 32u << 20;  // of all outputs of a run
inline constexpr int kBrokenReplyRetries = 2;  // of a reply that broke off after some of it was shown
inline constexpr std::int64_t kBestAnswerTokens = 1'024;  // reserved for the answer that on_limit asks for
inline constexpr std::int64_t kBestAnswerTokensMin = 48;  // with fewer it is not asked for
inline constexpr std::int64_t kBestAnswerNote =
    256;  // of the message that asks for it, and of what is left of the step before
inline constexpr std::chrono::milliseconds kBestAnswerTime = 30s;  // at most, and a quarter of the run's time
inline constexpr std::size_t kLeftOutReplyBytes = 512;  // what stays of a step there is no room for
inline constexpr std::size_t kStubBytes = 160;          // what stays of an output that makes room
inline constexpr std::int64_t kFitSlackShare = 5;  // of a model's room: so much is free once room was made
inline constexpr std::size_t kReplySchemaBytes = 64u << 10;     // what a provider is asked to hold a reply to
inline constexpr std::chrono::milliseconds kSettleTime = 2min;  // of a memory, after a run
inline constexpr std::size_t kSettledLately = 256;  // runs whose memories a crash may have cut off
inline constexpr int kResumes = 2;        // of a run after ends that nobody asked for, without coming further
inline constexpr int kResumesBeside = 1;  // of those, at the same time as others
inline constexpr int kStormResumes = 10;  // more of them, where others were alone at an end, too
inline constexpr std::chrono::milliseconds kProbation = 1s;       // alone, of a run that was there at several
inline constexpr int kProbationDoublings = 4;                     // of it, with each time more
inline constexpr std::chrono::milliseconds kRetentionEvery = 1h;  // old conversations are looked for
inline constexpr std::chrono::milliseconds kRetentionPause = 20ms;  // between two that are forgotten
inline constexpr std::size_t kRetentionPage = 200;                  // sessions looked at in one read
inline constexpr std::size_t kApprovalReasonBytes = 4u << 10;       // what a person gives as a reason

}  // namespace troupe::limits
