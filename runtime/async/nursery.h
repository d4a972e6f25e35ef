#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"

#include <functional>
#include <memory>
#include <string>

namespace troupe {

/// Owns coroutines: what is spawned here has ended when join() returns. Nothing in Troupe is spawned any
/// other way, so nobody outlives what it uses. Loop thread only. join() must have returned before a
/// nursery that had children is destroyed.
class Nursery {
 public:
  explicit Nursery(Loop& loop);
  ~Nursery();
  Nursery(const Nursery&) = delete;
  Nursery& operator=(const Nursery&) = delete;

  /// Starts `body` on a later turn of the loop. `name` (a literal) appears in the log when an exception
  /// escapes from it: that is a bug, is logged, and ends only this child. The callable is kept until the
  /// coroutine ends, so its captures are safe.
  void spawn(const char* name, std::function<Task<>()> body);

  std::size_t size() const;
  /// Waits until no child is left, also those spawned meanwhile. To hurry them, request their Stop first.
  Task<> join();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace troupe
