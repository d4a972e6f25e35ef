#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <cstddef>
#include <list>
#include <utility>

namespace troupe::memory {

/// So many reads at once, the others in the order in which they came: the time that a document may take
/// begins with its turn, and a slow one costs those behind it nothing but patience. Loop thread only;
/// outlives its turns.
class ReadTurns {
 public:
  ReadTurns(Loop& loop, std::size_t at_once) : loop_(loop), free_(at_once) {}

  /// A place, given back when it is destroyed.
  class Turn {
   public:
    Turn() = default;
    explicit Turn(ReadTurns& turns) : turns_(&turns) {}
    Turn(Turn&& other) noexcept : turns_(std::exchange(other.turns_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn() {
      if (turns_) turns_->give_back();
    }
    explicit operator bool() const { return turns_ != nullptr; }

   private:
    ReadTurns* turns_ = nullptr;
  };

  /// Waits for a place. None when `stop` came first.
  Task<Turn> take(Stop& stop);

 private:
  void give_back();

  Loop& loop_;
  std::size_t free_;
  std::list<OneShot<bool>*> waiting_;
};

}  // namespace troupe::memory
