#pragma once

#include "runtime/async/one_shot.h"
#include "runtime/async/task.h"

#include <cstddef>
#include <deque>
#include <utility>

namespace troupe {

/// Many may read, or one may write: for what workers read while the loop goes on. First come, first in: a
/// writer waits for those who read, and who comes after him waits for him. Loop thread only; it outlives
/// whoever is inside or waits.
class ReadWriteGate {
 public:
  explicit ReadWriteGate(Loop& loop) : loop_(loop) {}

  /// Being inside. Ends with its destruction.
  class [[nodiscard]] Pass {
   public:
    Pass() = default;
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)), writes_(other.writes_) {}
    Pass& operator=(Pass&& other) noexcept {
      if (this == &other) return *this;
      end();
      gate_ = std::exchange(other.gate_, nullptr);
      writes_ = other.writes_;
      return *this;
    }
    ~Pass() { end(); }
    void end() {
      if (ReadWriteGate* gate = std::exchange(gate_, nullptr)) gate->leave(writes_);
    }

   private:
    friend class ReadWriteGate;
    Pass(ReadWriteGate& gate, bool writes) : gate_(&gate), writes_(writes) {}
    ReadWriteGate* gate_ = nullptr;
    bool writes_ = false;
  };

  Task<Pass> read() { return enter(false); }
  Task<Pass> write() { return enter(true); }

 private:
  struct Waiting {
    OneShot<bool>* turn;
    bool writes;
  };

  Task<Pass> enter(bool writes) {
    if (!waiting_.empty() || !has_room(writes)) {
      OneShot<bool> turn(loop_);
      waiting_.push_back({&turn, writes});
      co_await turn.wait();  // whoever lets it in counts it
    } else {
      count(writes);
    }
    co_return Pass(*this, writes);
  }

  bool has_room(bool writes) const { return !writing_ && (!writes || readers_ == 0); }
  void count(bool writes) { writes ? static_cast<void>(writing_ = true) : static_cast<void>(++readers_); }

  void leave(bool writes) {
    if (writes)
      writing_ = false;
    else
      --readers_;
    while (!waiting_.empty() && has_room(waiting_.front().writes)) {
      const Waiting next = waiting_.front();
      waiting_.pop_front();
      count(next.writes);
      next.turn->set(true);
    }
  }

  Loop& loop_;
  std::deque<Waiting> waiting_;
  std::size_t readers_ = 0;
  bool writing_ = false;
};

}  // namespace troupe
