#pragma once

#include <chrono>
#include <cstddef>

/// Bounds of teams, beside those of runtime/base/limits.h.
namespace troupe::limits {

using namespace std::chrono_literals;

inline constexpr auto kTeamTime = 15min;
inline constexpr int kTeamTurns = 50;
inline constexpr int kTeamMessages = 500;
inline constexpr int kTeamParallel = 8;
inline constexpr int kTeamDepth = 4;
inline constexpr int kTeamStall = 3;
inline constexpr int kTeamMailbox = 64;
inline constexpr std::size_t kTeamMembers = 64;
inline constexpr std::size_t kTeamTasks = 64;
inline constexpr std::size_t kGraphNodes = 64;
inline constexpr std::size_t kGraphEdges = 256;
inline constexpr int kGraphEdgeTimes = 100;                 // how often one edge may be taken
inline constexpr std::size_t kMapItems = 256;               // of one list that a node runs over
inline constexpr std::size_t kResultsBytes = 128u << 10;    // of all results in a description, for {name}
inline constexpr std::size_t kTeamFailureBytes = 2u << 10;  // of why a member failed, as others are told
inline constexpr std::size_t kConditionBytes = 64u << 10;   // of a text that a condition looks into
inline constexpr std::size_t kConditionParts = 16;          // of a search for a pattern in it
inline constexpr std::size_t kConditionShownBytes = 120;    // of a value, where one says what it found
inline constexpr std::size_t kPathValueBytes = 96;          // of what fills a placeholder of a path
inline constexpr std::size_t kPathPartBytes = 255;          // of one name of a path (ext4, XFS, APFS)
inline constexpr std::size_t kPathBytes = 1u << 10;         // of all of it
inline constexpr int kUntilDepth = 8;                       // of conditions in conditions
inline constexpr std::size_t kTeamTextBytes = 256u << 10;   // of one message to a member
inline constexpr std::size_t kTranscriptBytes = 64u << 10;  // of the conversation, as a member is shown it
inline constexpr std::size_t kMemberTopics = 32;            // that one member reads, or may publish
inline constexpr std::size_t kNoteBytes = 16u << 10;        // of one note
inline constexpr std::size_t kTurnNotesBytes = 64u << 10;   // of all notes that one turn reads
inline constexpr std::size_t kBoardValues = 64;             // of one run's blackboard
inline constexpr std::size_t kBoardValueBytes = 16u << 10;
inline constexpr std::size_t kOutputFileBytes = 16u << 20;

}  // namespace troupe::limits
