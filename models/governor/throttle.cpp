#include "models/governor/throttle.h"

#include <algorithm>

namespace troupe::models {

namespace {
constexpr int kFree = 64;  // unanswered calls, from which on nobody waits any more
}

bool Throttle::is_refusal(const Error& error) {
  return error.retryable &&
         (error.code == ErrorCode::busy || error.status == 429 || error.status == 529 || error.retry_after);
}

int Throttle::enter() {
  if (!free_) ++ahead_;
  return episode_;
}

void Throttle::answered(int episode) {
  if (free_ || episode != episode_) return;
  --ahead_;
  level_ = 0;
  allowed_ *= 2;
  free_ = allowed_ >= kFree;
}

void Throttle::abandoned(int episode) {
  if (!free_ && episode == episode_) --ahead_;
}

bool Throttle::refused(const Error& error, int episode, Instant now, std::uint64_t random) {
  const Instant until = now + pause(error, random);
  const bool fresh = episode == episode_;
  if (!fresh && (!error.retry_after || until <= opens_at_)) return false;
  too_long_ = error.retry_after && *error.retry_after > pauses_.ask_max;
  opens_at_ = until;
  if (!fresh) return false;
  ++episode_;
  ++level_;
  free_ = false;
  allowed_ = 1;
  ahead_ = 0;
  return true;
}

// A server that says "at once" again and again is not believed.
Milliseconds Throttle::pause(const Error& error, std::uint64_t random) const {
  if (!error.retry_after) return pauses_.backoff(level_ + 2, random);
  const Milliseconds asked = RetryPolicy::spread(std::min(*error.retry_after, pauses_.ask_max), random);
  return level_ > 0 ? std::max(asked, pauses_.first / 2) : asked;
}

}  // namespace troupe::models
