#pragma once

#include <cstddef>

/// Bounds of a search in a knowledge base. Characters are code points.
namespace troupe::limits {

inline constexpr std::size_t kSearchQueryBytes = 16u << 10;
inline constexpr std::size_t kSearchHits = 200;          ///< `k`
inline constexpr std::size_t kSearchCandidates = 1'000;  ///< `fetch_k`

// filters
inline constexpr std::size_t kFilterDepth = 16;
inline constexpr std::size_t kFilterConditions = 256;
inline constexpr std::size_t kFilterValues = 1'000;  ///< of all conditions together
inline constexpr std::size_t kFilterKeyBytes = 256;
inline constexpr std::size_t kFilterTextBytes = 4u << 10;  ///< of one value

// what is made of hits
inline constexpr std::size_t kExpandNeighbours = 50;      ///< `expand.neighbours`, on each side
inline constexpr std::size_t kParentCharacters = 20'000;  ///< `expand.characters`
inline constexpr std::size_t kKeptSentences = 50;         ///< `compress.sentences`
inline constexpr std::size_t kPassageSentences = 2'000;   ///< of one hit; what follows is not kept
inline constexpr std::size_t kEmbeddedSentences = 512;    ///< of all hits together
inline constexpr std::size_t kCitations = 500;            ///< of one answer

// what models are shown and may answer
inline constexpr std::size_t kShownPassages = 100;           ///< in one request
inline constexpr std::size_t kShownPassageBytes = 4u << 10;  ///< of one passage
inline constexpr std::size_t kSearchReplyBytes = 64u << 10;
inline constexpr std::size_t kReplyValues = 64;   ///< JSON values looked at in a reply
inline constexpr std::size_t kHistoryTurns = 12;  ///< the last of a conversation
inline constexpr std::size_t kHistoryTurnBytes = 2u << 10;
inline constexpr std::size_t kStandaloneBytes = 2u << 10;  ///< of a rewritten question

}  // namespace troupe::limits
