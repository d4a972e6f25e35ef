#pragma once

#include "memory/knowledge/search/hit.h"
#include "runtime/base/clock.h"
#include "runtime/base/event.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace troupe::agents {

/// A search that came to its end.
struct RecordedSearch {
  std::vector<memory::Hit> hits;
  std::string error;  ///< not "": it failed so
};

/// A request that a crash took the reply of.
struct LostChainRequest {
  std::string key;
  int step = 0;
  std::int64_t input = 0;  ///< tokens
  std::string model;       ///< its entry in `models:`
  std::string entry;       ///< of its fallbacks, who was asked first; "": itself
};

/// What the journal already knows of a run of a chain that is taken up again. Calls are known by their place
/// in the chain.
struct RecordedChain {
  bool started = false;  ///< run.started is journaled
  std::map<std::string, Json> replies;
  std::map<std::string, RecordedSearch> searches;
  std::set<std::string> announced;  ///< searches whose action is journaled
  std::map<std::string, Json> decisions;
  std::set<std::string> warned;
  std::map<std::string, int> attempts;
  std::vector<LostChainRequest> lost;
  std::int64_t told_input = 0;  ///< of everything that usage events tell of …
  std::int64_t told_output = 0;
  double told_cost = 0;
  std::vector<LostChainRequest> counted_lost;  ///< that the ledger has already
  int calls = 0;                               ///< that were asked
  Milliseconds used{0};                        ///< of the run's time
};

/// Folds the facts of a run. Errors: store (a fact that does not parse: the journal is damaged).
Result<RecordedChain> fold_chain(const std::vector<store::Fact>& facts, const std::vector<Frame>& events);

}  // namespace troupe::agents
