#pragma once

#include "agents/check/history.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace troupe::agents {

inline constexpr std::size_t kDroppedAtOnce = 200;              ///< facts in one transaction
inline constexpr std::size_t kDroppedBytesAtOnce = 256u << 10;  ///< of their texts; one fact may have more

/// Whether a fact of this kind stays when its run is compacted: what later runs of the conversation go by
/// (memory blocks, imported steps), what accounts for calls after the end of the run, and what an event does
/// not tell.
bool stays(std::string_view kind);

/// How the facts of a run go that only the engine needs.
struct CompactionPlan {
  std::vector<store::Append> appends;  ///< to commit in this order; the store is whole after each
  std::int64_t facts = 0;              ///< that go
  std::int64_t bytes = 0;              ///< of their texts
};

/// Of a run that has ended; one that was compacted in part is compacted to its end, and one of which nothing
/// goes has no appends. `recalled`: an agent of the conversation recalls the tool steps of earlier runs,
/// which it takes from their requests; those stay where the run has steps. Pure.
CompactionPlan plan_compaction(const History& history, bool recalled, std::int64_t wall_ms);

}  // namespace troupe::agents
