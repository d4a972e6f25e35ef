#pragma once

#include "memory/conversation/recollection.h"
#include "memory/conversation/step_source.h"
#include "runtime/async/task.h"
#include "runtime/base/context.h"
#include "runtime/base/result.h"
#include "runtime/store/journal.h"

#include <cstddef>
#include <functional>
#include <vector>

namespace troupe::memory {

/// Reads the turns of a session and agent, as many as are needed. Loop thread only.
class TurnReader {
 public:
  /// `steps`: null, or where each turn's tool steps come from. Both outlive it.
  TurnReader(store::Journal& journal, StepSource* steps) : journal_(journal), steps_(steps) {}

  struct Read {
    std::vector<store::RunRow> rows;  ///< oldest first
    Remembered remembered;
  };
  /// Whether what was read will do; else more is.
  using Enough = std::function<bool(const Read&)>;

  /// The newest `first` turns, then four times as many and so on, at most `most`, until it is `enough` or
  /// there are no more. `noted`: see remember(). Errors: store.
  Task<Result<Read>> read(CallContext& context, std::size_t first, std::size_t most, bool noted,
                          Enough enough);
  /// The last notes and all turns that are not in them; where there are none, all that a memory may recall.
  /// Errors: store.
  Task<Result<Read>> read_since_notes(CallContext& context);
  /// What a record names, out of all turns. Errors: store.
  Task<Result<Recollection>> again(Json record, Ruler ruler, CallContext& context);

 private:
  Task<Result<>> add_steps(std::vector<Turn>& turns);

  store::Journal& journal_;
  StepSource* steps_;
};

}  // namespace troupe::memory
