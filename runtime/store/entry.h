#pragma once

#include "runtime/async/one_shot.h"
#include "runtime/store/journal.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace troupe::store {

/// One append on its way: made on the loop, given to the writer thread, and back to the loop when it is
/// decided. Whoever has it owns all of it; nothing in it is shared between threads.
struct Entry {
  Append append;
  std::optional<std::string> blob;                 ///< instead of an append: text to keep by content
  std::int64_t wall_ms = 0;                        ///< when it was handed over: the `ts` of its events
  OneShot<Result<std::string>>* waiter = nullptr;  ///< of the coroutine that waits, or null; loop thread only

  // Decided by the writer.
  std::vector<Frame> frames;                    ///< what to publish: one an event, in order
  Result<std::string> outcome = std::string();  ///< the hash of a blob, "" for an append
};

using Batch = std::vector<std::unique_ptr<Entry>>;

}  // namespace troupe::store
