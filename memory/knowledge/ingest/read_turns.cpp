#include "memory/knowledge/ingest/read_turns.h"

#include <algorithm>

namespace troupe::memory {

Task<ReadTurns::Turn> ReadTurns::take(Stop& stop) {
  if (stop.requested()) co_return Turn();
  if (free_ > 0) {
    --free_;
    co_return Turn(*this);
  }
  OneShot<bool> mine(loop_);
  waiting_.push_back(&mine);
  const auto hook = stop.on_request([this, &mine] {
    // Whose turn it is already has it.
    if (std::erase(waiting_, &mine) > 0) mine.set(false);
  });
  if (co_await mine.wait()) co_return Turn(*this);
  co_return Turn();
}

void ReadTurns::give_back() {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  waiting_.front()->set(true);
  waiting_.pop_front();
}

}  // namespace troupe::memory
