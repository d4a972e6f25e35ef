#pragma once

#include "runtime/async/loop.h"
#include "runtime/base/clock.h"

#include <functional>

namespace troupe::agents {

/// The wall time a run may take. It stands still while the run waits for a person and nothing else of it is
/// at work, and it goes on after a restart from where the journal last saw it. Loop thread only.
class RunClock {
 public:
  /// `used`: of earlier processes.
  RunClock(Loop& loop, Milliseconds limit, Milliseconds used);

  /// Calls `over` once when the limit is reached, at the earliest on a later turn of the loop. `over` is kept
  /// for further limits.
  void start(std::function<void()> over);
  /// Another limit from here on (the part that was kept for a last answer).
  void set_limit(Milliseconds limit);

  /// Nested: the clock stands while there are more pauses than resumes.
  void pause();
  void resume();

  Milliseconds used() const;
  /// When the limit will be reached if the clock goes on. None while it stands.
  Deadline deadline() const { return deadline(limit_); }
  /// The same for another limit.
  Deadline deadline(Milliseconds limit) const;

 private:
  void arm();

  Loop& loop_;
  Milliseconds limit_;
  Milliseconds used_;  // before since_
  Instant since_;      // running since; meaningless while paused
  int pauses_ = 0;
  std::function<void()> over_;
  Loop::Alarm alarm_;
};

}  // namespace troupe::agents
