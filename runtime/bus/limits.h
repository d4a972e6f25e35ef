#pragma once

#include <chrono>
#include <cstddef>

/// Bounds of the bus, beside those of runtime/base/limits.h. Sizes are bytes.
namespace troupe::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t kBusIdBytes = 256;       // of a message
inline constexpr std::size_t kBusAddressBytes = 256;  // "team/agent"
inline constexpr std::size_t kBusTopicBytes = 256;    // type and source, each
inline constexpr std::size_t kBusTextBytes = 1u << 20;
inline constexpr std::size_t kBusDataBytes = 1u << 20;   // as JSON text
inline constexpr std::size_t kBusInboxes = 1'024;        // open at once in one room
inline constexpr std::size_t kBusSubscriptions = 4'096;  // of one room
inline constexpr std::size_t kBusMessages = 10'000;      // sent in one room, delivered ones too
inline constexpr std::size_t kBusHeldBytes =
    64u << 20;  // of one room: what waits, is being worked on, or answers
inline constexpr std::size_t kBusDeadLetters = 1'000;  // listed at once
inline constexpr auto kBusAlarmMax = 24h;              // a deadline further off is looked at again then

}  // namespace troupe::limits
