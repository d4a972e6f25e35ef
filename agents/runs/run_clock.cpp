#include "agents/runs/run_clock.h"

#include <utility>

namespace troupe::agents {

RunClock::RunClock(Loop& loop, Milliseconds limit, Milliseconds used)
    : loop_(loop), limit_(limit), used_(used), since_(loop.clock().now()) {}

void RunClock::start(std::function<void()> over) {
  over_ = std::move(over);
  arm();
}

void RunClock::set_limit(Milliseconds limit) {
  limit_ = limit;
  arm();
}

void RunClock::pause() {
  if (pauses_++ > 0) return;
  used_ += std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - since_);
  alarm_.reset();
}

void RunClock::resume() {
  if (--pauses_ > 0) return;
  since_ = loop_.clock().now();
  arm();
}

Milliseconds RunClock::used() const {
  if (pauses_ > 0) return used_;
  return used_ + std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - since_);
}

Deadline RunClock::deadline(Milliseconds limit) const {
  return pauses_ > 0 ? Deadline() : Deadline(since_ + (limit - used_));
}

void RunClock::arm() {
  if (!over_ || pauses_ > 0) return;
  alarm_ = loop_.at(since_ + (limit_ - used_), [this] { over_(); });
}

}  // namespace troupe::agents
