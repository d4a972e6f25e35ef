#pragma once

#include "agents/agent.h"
#include "agents/replay/comparison.h"
#include "agents/replay/recording.h"
#include "agents/replay/stand_ins.h"
#include "runtime/async/loop.h"
#include "runtime/base/result.h"
#include "runtime/store/store_reader.h"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace troupe::agents {

/// What came of a replay.
struct Replayed {
  enum class Outcome {
    same,     ///< it did what was recorded, event by event
    differs,  ///< see `difference`
    skipped,  ///< it cannot be replayed exactly: see `why`
  };
  Outcome outcome = Outcome::same;
  std::optional<Difference> difference;
  std::string why;
  bool unfinished = false;  ///< the recorded run has not ended: it was compared as far as it goes
  std::size_t runs = 0;     ///< it and those of a team below it
  std::size_t events = 0;   ///< of the record
};

/// Where a replay happens: what a configuration is made with, so that nothing of it reaches the outside.
struct ReplayStage {
  Loop& loop;
  store::Journal& journal;
  Cues& cues;
  KeptTexts texts;
};

/// Makes the catalog of a replay, with stand-ins for every model, tool, knowledge base and embedder. Errors
/// say why the configuration cannot be used any more.
using ReplayCatalog = std::function<Result<std::shared_ptr<const Catalog>>(ReplayStage)>;

/// Executes a recorded run again: the engine as it is now, over a journal in memory, with a clock that stands
/// still. Answers of models, tools, searches and persons come from the record, one at a time and in the order
/// in which they came; restarts of the daemon, cancels and ends of time happen where they happened. Nothing
/// is reached and nothing is written. `reader` is of the store that the recording is of. Blocking: it runs a
/// loop of its own. Errors: store (the record does not parse), internal (the engine came to no end).
Result<Replayed> replay(const Recording& recording, store::StoreReader& reader, const ReplayCatalog& catalog);

}  // namespace troupe::agents
