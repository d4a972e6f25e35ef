#pragma once

#include <chrono>
#include <cstddef>

/// Every fixed bound of the daemon, by name. What users can set lives in the configuration and takes
/// its default from here. Sizes are bytes unless the name says otherwise.
namespace troupe::limits {

using namespace std::chrono_literals;

// JSON and text at the edges
inline constexpr std::size_t kJsonDepth = 64;
inline constexpr std::size_t kJsonBytes = 16u << 20;

// gateway
inline constexpr std::size_t kMessageBytes = 1u << 20;         // one WebSocket message or HTTP body
inline constexpr std::size_t kHeaderBytes = 16u << 10;         // HTTP request head
inline constexpr std::size_t kConnections = 10'000;
inline constexpr std::size_t kSessionsPerConnection = 64;
inline constexpr std::size_t kOutboxBytes = 4u << 20;          // per connection, before 1013
inline constexpr auto kHeaderTimeout = 5s;
inline constexpr auto kPingEvery = 30s;
inline constexpr auto kSilence = 90s;
inline constexpr auto kDrain = 10s;

// runs
inline constexpr std::size_t kRuns = 1'000;                    // root runs at work at once
inline constexpr std::size_t kRunsPerTenant = 100;
inline constexpr std::size_t kRunQueue = 10'000;
inline constexpr std::size_t kInputBytes = 256u << 10;         // one user message
inline constexpr int kSteps = 15;
inline constexpr long long kTokens = 200'000;
inline constexpr auto kRunTime = 5min;
inline constexpr auto kToolTime = 30s;
inline constexpr int kRepeats = 3;
inline constexpr std::size_t kObservation = 8u << 10;
inline constexpr int kCorrections = 3;                         // unreadable model replies in a row
inline constexpr std::size_t kParallelCalls = 8;

// models and outbound HTTP
inline constexpr auto kModelIdle = 60s;                        // without a byte
inline constexpr auto kConnectTimeout = 10s;
inline constexpr int kModelRetries = 4;
inline constexpr std::size_t kModelReplyBytes = 8u << 20;
inline constexpr std::size_t kFetchBytes = 5u << 20;           // what a tool may fetch
inline constexpr int kRedirects = 5;
inline constexpr std::size_t kLookups = 32;                    // DNS look-ups in flight

// store
inline constexpr std::size_t kEventBytes = 64u << 10;          // larger bodies go to a blob
inline constexpr std::size_t kGroupCommit = 512;               // appends in one transaction
inline constexpr std::size_t kReplayPage = 500;                // events read at once for a resuming client

}  // namespace troupe::limits
