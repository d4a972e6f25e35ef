#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/nursery.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <functional>
#include <memory>
#include <utility>

namespace troupe {

/// Something that is done again and again, beside everything else, by settings that may become others
/// meanwhile. Loop thread only; close() must have returned before it is destroyed.
class Recurring {
 public:
  /// A round; its Stop is requested once it is no longer wanted, and then it ends soon.
  using Round = std::function<Task<>(Stop&)>;

  /// `name`: a literal, for the log. `every`: from the end of a round to the next.
  Recurring(Loop& loop, const char* name, Milliseconds every)
      : loop_(loop), name_(name), every_(every), nursery_(loop) {}

  /// Stops what it is at, and begins at once; null: nothing is done any more.
  void begin(Round round) {
    if (stop_) stop_->request(StopReason::cancelled);
    stop_ = nullptr;
    if (!round) return;
    stop_ = std::make_shared<Stop>();
    nursery_.spawn(name_, [this, round = std::move(round), stop = stop_]() -> Task<> {
      do co_await round(*stop);
      while (co_await loop_.sleep_for(every_, *stop));
    });
  }

  Task<> close() {
    if (stop_) stop_->request(StopReason::cancelled);
    co_await nursery_.join();
  }

 private:
  Loop& loop_;
  const char* name_;
  const Milliseconds every_;
  std::shared_ptr<Stop> stop_;  // of what it is at
  Nursery nursery_;
};

}  // namespace troupe
