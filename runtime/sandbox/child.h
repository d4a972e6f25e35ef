#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/task.h"
#include "runtime/sandbox/cage.h"

#include <memory>

namespace troupe::sandbox {

/// A running process whose end the loop notices and reaps, without signals, polling or a blocking wait. When
/// it ends by itself, what it left running in its group is killed first. Loop thread only.
class Child {
 public:
  /// As Cage::start().
  static Result<Child> start(Loop& loop, const Cage& cage, const Streams& streams);
  /// One that was started in another way; it is now this one's to reap.
  static Child adopt(Loop& loop, Started started);
  Child(Child&&) noexcept = default;
  Child& operator=(Child&&) = delete;
  /// Kills it; it is reaped a little later by the loop, or by the end of the loop.
  ~Child();

  /// SIGKILL for it and everything in its group. Nothing happens when it has ended.
  void kill();
  /// SIGTERM for it and everything in its group. Nothing happens when it has ended.
  void terminate();
  /// Waits until it has ended and been reaped. One caller at a time; to hurry it, kill() first.
  Task<Ending> wait();

 private:
  struct State;
  explicit Child(std::shared_ptr<State> state);

  std::shared_ptr<State> state_;
};

}  // namespace troupe::sandbox
