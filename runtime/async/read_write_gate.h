#pragma once

#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <cstddef>
#include <iterator>
#include <list>
#include <optional>
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
  /// Nothing when `stop` was requested before it was let in.
  Task<std::optional<Pass>> read(Stop& stop) {
    if (stop.requested()) co_return std::nullopt;
    if (may_enter(false)) {
      count(false);
      co_return Pass(*this, false);
    }
    OneShot<bool> turn(loop_);
    waiting_.push_back({&turn, false});
    // Who leaves the queue makes room for nobody: one who reads waits only while somebody writes or is to.
    auto give_up = [this, &turn, place = std::prev(waiting_.end())] {
      if (turn.is_set()) return;
      waiting_.erase(place);
      turn.set(false);
    };
    const auto hook = stop.on_request(std::move(give_up));
    if (!co_await turn.wait()) co_return std::nullopt;
    co_return Pass(*this, false);
  }

 private:
  struct Waiting {
    OneShot<bool>* turn;
    bool writes;
  };

  Task<Pass> enter(bool writes) {
    if (may_enter(writes)) {
      count(writes);
    } else {
      OneShot<bool> turn(loop_);
      waiting_.push_back({&turn, writes});
      co_await turn.wait();  // whoever lets it in counts it
    }
    co_return Pass(*this, writes);
  }

  bool may_enter(bool writes) const { return waiting_.empty() && has_room(writes); }
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
  std::list<Waiting> waiting_;
  std::size_t readers_ = 0;
  bool writing_ = false;
};

}  // namespace troupe
