#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

/// The bounds of guardrails.
namespace troupe::limits {

inline constexpr std::size_t kRules = 16;                // of one list
inline constexpr std::size_t kRuleNameBytes = 64;        //
inline constexpr std::size_t kRulePromptBytes = 16'384;  // what a model judges by
inline constexpr std::size_t kRuleMessageBytes = 1'024;
inline constexpr int kRuleRetries = 10;                     // that can be configured
inline constexpr std::size_t kJudgedBytes = 256u << 10;     // longer texts are refused, unjudged
inline constexpr std::size_t kJudgedQuestionBytes = 8'192;  // of the user's message, beside a judged answer
inline constexpr std::size_t kRuleReasonBytes = 512;        // of why a text was refused
inline constexpr std::size_t kRuleExcerptBytes = 80;        // of what a pattern found, for the model
inline constexpr std::int64_t kVerdictTokens = 4'096;       // of one verdict, reasoning included
inline constexpr std::int64_t kVerdictReserve = 256;        // of them, kept back for a best answer at a limit
inline constexpr int kVerdictAttempts = 2;  // a verdict that cannot be read is asked for again
inline constexpr std::chrono::seconds kPluginVerdictTime{10};  // of one by a plugin that names no time itself
inline constexpr std::size_t kVerdictObjects = 64;             // looked at in one reply
inline constexpr std::size_t kJudgesAtOnce = 4;                // of one text
inline constexpr std::size_t kSearchPart = 8'192;              // places of a text tried at a time …
inline constexpr std::size_t kSearchPartMin = 16;  // … or fewer, down to this, where they cost much
inline constexpr std::size_t kSearchParts = 256;   // of one text, 20 ms each at the most

}  // namespace troupe::limits
