#pragma once

#include <atomic>
#include <mutex>
#include <string>

namespace troupe::store {

/// Whether the journal takes writes: set by the threads that meet the disk, read by the loop. Any thread.
class Health {
 public:
  void set_well() {
    State waiting = State::waiting;
    state_.compare_exchange_strong(waiting, State::well);
  }
  void set_waiting(std::string why) { set(State::waiting, std::move(why)); }
  /// For good: nothing that is written after damage can be trusted.
  void set_damaged(std::string why) { set(State::damaged, std::move(why)); }

  bool damaged() const { return state_ == State::damaged; }
  /// True when appends wait or fail; `reason` then says why.
  bool paused(std::string* reason) const {
    if (state_ == State::well) return false;
    if (reason) {
      std::lock_guard lock(mutex_);
      *reason = why_;
    }
    return true;
  }

 private:
  enum class State { well, waiting, damaged };
  void set(State state, std::string why) {
    std::lock_guard lock(mutex_);
    if (state_ == State::damaged) return;
    why_ = std::move(why);
    state_ = state;
  }

  std::atomic<State> state_{State::well};
  mutable std::mutex mutex_;
  std::string why_;  // guarded by mutex_
};

}  // namespace troupe::store
