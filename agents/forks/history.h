#pragma once

#include "runtime/async/task.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// An event as it was journaled.
struct PastEvent {
  std::int64_t seq = 0;
  std::string_view type;
  int step = 0;
  std::string text;
};

/// A run as the journal has it.
struct PastRun {
  store::RunRow row;
  std::vector<store::Fact> facts;
  std::vector<PastEvent> events;
};

/// A run and those below it, the run first and every other after the one it is below.
struct PastTree {
  std::vector<PastRun> runs;
  PastRun& root() { return runs.front(); }
  const PastRun& root() const { return runs.front(); }
};

inline constexpr std::size_t kForkBytes = 16u << 20;  ///< of the events and facts that one fork copies
inline constexpr std::size_t kForkRuns = 1'000;       ///< that one fork copies

/// Reads runs with those below them, each tree as of now. `left`: bytes that may still be read, which it
/// lowers. Errors: too_large, store.
Task<Result<PastTree>> read_tree(store::Journal& journal, const store::RunRow& root,
                                 const std::vector<store::RunRow>& rows, std::size_t& left);

/// Of a run, from its row: which of `rows`, those of its session, came before it and are over.
std::vector<store::RunRow> roots_before(const store::RunRow& run, const std::vector<store::RunRow>& rows);

}  // namespace troupe::agents
