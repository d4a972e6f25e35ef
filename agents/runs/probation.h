#pragma once

#include "agents/limits.h"
#include "agents/runs/resume_count.h"
#include "runtime/async/loop.h"
#include "runtime/async/one_shot.h"
#include "runtime/async/task.h"
#include "runtime/store/journal.h"

#include <algorithm>
#include <memory>
#include <string>

namespace troupe::agents {

/// The time in which one run that was at work at several ends of the daemon is at work alone among its like:
/// should the daemon end again, it was this one. It is over when the run comes further, or waits for a
/// person, or has ended, or has been at work for its time. Loop thread only.
class Probation final : store::Subscriber {
 public:
  /// How long, for a run that is taken up the `times`th time: what ends the daemon later than others were
  /// ended is alone, too, when its time comes.
  static Milliseconds time_for(int times) {
    const int before = times - limits::kResumesBeside - 1;
    return limits::kProbation * (1 << std::clamp(before, 0, limits::kProbationDoublings));
  }

  /// `journal` outlives it.
  Probation(Loop& loop, store::Journal& journal, std::string run, const std::string& session,
            Milliseconds time)
      : loop_(loop),
        run_(std::move(run)),
        time_(time),
        over_(loop),
        events_(journal.subscribe(session, *this)) {}

  const std::string& run() const { return run_; }
  /// The run is at work from here on.
  void begin() {
    alarm_ = loop_.at(loop_.clock().now() + time_, [this] { over_.set(true); });
  }
  void end() { over_.set(false); }
  /// For one caller. True: it was at work for all of its time.
  Task<bool> over() { co_return co_await over_.wait(); }

 private:
  void on_frame(const Frame& frame) override {
    if (is_progress(frame)) end();
  }

  Loop& loop_;
  const std::string run_;
  const Milliseconds time_;
  OneShot<bool> over_;
  Loop::Alarm alarm_;
  std::unique_ptr<store::Journal::Subscription> events_;
};

}  // namespace troupe::agents
