#pragma once

#include <chrono>
#include <cstddef>

/// What a server of somebody else may make us keep, read or wait for.
namespace troupe::tools::mcp::bounds {

using namespace std::chrono_literals;

// one message and one connection
inline constexpr std::size_t kMessageBytes = 8u << 20;  // of one JSON-RPC message
inline constexpr std::size_t kBatch = 64;               // messages in one array (2025-03-26 had them)
inline constexpr std::size_t kPending = 256;            // requests of ours without an answer
inline constexpr std::size_t kWriteBytes = 16u << 20;   // that wait for a server to read them
inline constexpr std::size_t kUnreadable = 100;         // lines in a row that are no message
inline constexpr std::size_t kErrorText = 2u << 10;     // of what a server says went wrong
inline constexpr int kInputRounds = 8;                  // questions of a server within one call

// lists
inline constexpr std::size_t kPages = 50;
inline constexpr std::size_t kItems = 1'000;  // tools, resources or prompts of one server
inline constexpr std::size_t kNameBytes = 256;
inline constexpr std::size_t kDescriptionBytes = 8u << 10;
inline constexpr std::size_t kSchemaBytes = 128u << 10;
inline constexpr std::size_t kListedShown = 100;  // resources or prompts in one answer to a model

// what a call brings
inline constexpr std::size_t kParts = 1'000;           // of content in one result
inline constexpr std::size_t kResultText = 4u << 20;   // of one result, as text
inline constexpr std::size_t kParamHeaders = 32;       // arguments that go along as headers
inline constexpr std::size_t kHeaderValue = 4u << 10;  // bytes of one of them
inline constexpr std::size_t kSessionId = 512;         // bytes of what a server calls our session

// time
inline constexpr auto kProbe = 5s;  // for an answer to the first question, before the older way is tried
inline constexpr auto kHandshake =
    60s;                               // until a server that was started is ready: it may fetch itself first
inline constexpr auto kListing = 30s;  // for a list of tools
inline constexpr auto kIdle = 60s;     // of a call without an answer or progress
inline constexpr auto kWaitForServer = 10s;  // of a call for a server that is coming back
inline constexpr auto kGoodbye = 2s;         // for a program to end by itself, then again after SIGTERM
inline constexpr auto kFarewell = 3s;        // for the last notifications and the DELETE of a session
inline constexpr auto kBackoffFirst = 500ms;
inline constexpr auto kBackoffMax = 60s;
inline constexpr auto kProgressEvery = 100ms;  // what is told of a call's progress, at most
inline constexpr auto kSweep = 30s;            // looks for servers that no run uses any more
inline constexpr auto kSteady = 30s;           // a connection that lasted so long counts as a good one
inline constexpr auto kRetryFirst = 1s;     // before a stream is taken up again, if the server says nothing
inline constexpr auto kRetryMax = 30s;      // a longer `retry:` is not waited for
inline constexpr int kResumes = 10;         // of one answer, in a row without news
inline constexpr auto kStreamIdle = 10min;  // of a stream without a byte
inline constexpr auto kRelistFloor = 5s;    // between two lists, whatever a server says
inline constexpr std::size_t kStream = 1u << 30;  // bytes of one stream

// what a program says on its standard error
inline constexpr std::size_t kLogLine = 1'000;  // bytes shown of a line
inline constexpr std::size_t kLogLines = 500;   // of one process; the rest is counted
inline constexpr std::size_t kLastWords = 4u << 10;

}  // namespace troupe::tools::mcp::bounds
