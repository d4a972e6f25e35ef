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

// configuration
inline constexpr std::size_t kConfigBytes = 4u << 20;  // one file
inline constexpr std::size_t kConfigFiles = 64;
inline constexpr std::size_t kConfigIncludeDepth = 8;
inline constexpr std::size_t kConfigNodes = 100'000;        // values of a file, aliases expanded
inline constexpr std::size_t kConfigTextBytes = 16u << 20;  // text of a file, aliases expanded
inline constexpr std::size_t kConfigDepth = 64;
inline constexpr std::size_t kConfigProblems = 200;   // shown at once
inline constexpr std::size_t kConfigEntries = 1'000;  // of one map or list
inline constexpr std::size_t kSecretFileBytes = 64u << 10;

// gateway
inline constexpr std::size_t kMessageBytes = 1u << 20;  // one WebSocket message or HTTP body
inline constexpr std::size_t kHeaderBytes = 16u << 10;  // HTTP request head
inline constexpr std::size_t kConnections = 10'000;
inline constexpr std::size_t kSessionsPerConnection = 64;
inline constexpr std::size_t kOutboxBytes = 4u << 20;       // per connection, before 1013
inline constexpr std::size_t kOutboxDeltaBytes = 1u << 20;  // waiting bytes above which deltas are dropped
inline constexpr std::size_t kWriteBatch = 64u << 10;       // frames joined into one write
inline constexpr std::size_t kSocketSend = 256u << 10;      // kernel send buffer of one connection
inline constexpr std::size_t kFragmentSlack = 64u << 10;    // wire bytes beyond twice the message limit
inline constexpr std::size_t kCommandsInFlight = 64;  // frames of one connection that wait for their turn
inline constexpr std::size_t kIdChars = 128;          // ids that clients bring
inline constexpr std::size_t kNameBytes = 256;        // names of targets that clients bring
inline constexpr std::size_t kAttachments = 16;       // of one message
inline constexpr std::size_t kHeldBytes = 1u << 20;   // of one session, while its client cannot have them yet
inline constexpr std::size_t kReplayBytes = 256u << 10;  // aimed at for one page of a replay
inline constexpr int kAuthFailures = 10;  // wrong tokens of one address, then one per kAuthRefill
inline constexpr auto kAuthRefill = 6s;
inline constexpr std::size_t kAuthAddresses = 4096;  // addresses remembered for it
inline constexpr auto kHeaderTimeout = 5s;
inline constexpr auto kBodyTimeout = 30s;
inline constexpr auto kWriteTimeout = 30s;
inline constexpr auto kKeepAlive = 75s;    // between two requests
inline constexpr auto kCloseTimeout = 5s;  // for the peer's half of a close
inline constexpr auto kLinger = 1s;        // for the peer to read our last words
inline constexpr auto kPingEvery = 30s;
inline constexpr auto kSilence = 90s;
inline constexpr auto kDrain = 10s;

// runs
inline constexpr std::size_t kRuns = 1'000;  // root runs at work at once
inline constexpr std::size_t kRunsPerTenant = 100;
inline constexpr std::size_t kRunQueue = 10'000;
inline constexpr std::size_t kInputBytes = 256u << 10;  // one user message
inline constexpr int kSteps = 15;
inline constexpr long long kTokens = 200'000;
inline constexpr auto kRunTime = 5min;
inline constexpr auto kToolTime = 30s;
inline constexpr int kRepeats = 3;
inline constexpr std::size_t kObservation = 8u << 10;
inline constexpr int kCorrections = 3;  // unreadable model replies in a row
inline constexpr std::size_t kParallelCalls = 8;

// models and outbound HTTP
inline constexpr auto kModelIdle = 60s;  // without a byte
inline constexpr auto kConnectTimeout = 10s;
inline constexpr int kModelRetries = 4;
inline constexpr std::size_t kModelReplyBytes = 8u << 20;
inline constexpr std::size_t kFetchBytes = 5u << 20;  // what a tool may fetch
inline constexpr int kRedirects = 5;
inline constexpr std::size_t kLookups = 32;       // DNS look-ups in flight
inline constexpr std::size_t kTransfers = 4'096;  // outbound exchanges in flight, per client
inline constexpr std::size_t kUrlBytes = 8u << 10;
inline constexpr std::size_t kAnswerHeadBytes = 64u << 10;  // status line and headers of an answer

// store
inline constexpr std::size_t kEventBytes = 64u << 10;  // larger bodies go to a blob
inline constexpr std::size_t kGroupCommit = 512;       // appends in one transaction
inline constexpr std::size_t kJournalTails = 16'384;   // sessions and runs whose end the writer remembers
inline constexpr std::size_t kWalPages = 1'000;        // of 4 KiB, before a checkpoint
inline constexpr std::size_t kWalPagesHard = 16'384;   // 64 MiB: the writer waits for a full checkpoint
inline constexpr auto kReadTime = 1s;                  // one query: a reader pins the WAL
inline constexpr int kReaders = 2;                     // threads that read the journal
inline constexpr auto kDiskRetryFirst = 20ms;          // disk full or I/O error: doubled up to
inline constexpr auto kDiskRetryMax = 1s;
inline constexpr std::size_t kReplayPage = 500;  // events read at once for a resuming client

}  // namespace troupe::limits
