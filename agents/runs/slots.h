#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/task.h"

#include <cstddef>
#include <deque>

namespace troupe::agents {

/// How many calls of a step may be at work at once. Who comes first is served first. Loop thread only;
/// outlives who waits.
class Slots {
 public:
  Slots(Loop& loop, std::size_t free) : loop_(loop), free_(free) {}

  /// True: a slot was free and is taken. Who waits is not passed over: a slot is free only when nobody does.
  bool try_take() {
    if (free_ == 0) return false;
    --free_;
    return true;
  }
  /// Waits for a slot. Not ended by a stop: who holds a slot ends soon after one, and then this does.
  Task<> take() {
    if (try_take()) co_return;
    OneShot<bool> turn(loop_);
    waiting_.push_back(&turn);
    co_await turn.wait();
  }

  void give_back() {
    if (waiting_.empty()) {
      ++free_;
      return;
    }
    waiting_.front()->set(true);  // the slot passes on without becoming free
    waiting_.pop_front();
  }

 private:
  Loop& loop_;
  std::size_t free_;
  std::deque<OneShot<bool>*> waiting_;
};

}  // namespace troupe::agents
