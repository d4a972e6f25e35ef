#include "models/governor/circuit_breaker.h"

#include <algorithm>

namespace troupe::models {

CircuitBreaker::State CircuitBreaker::state(Instant now) const {
  return state_ == State::open && now >= tries_at_ ? State::half_open : state_;
}

bool CircuitBreaker::admits(Instant now) const {
  const State at = state(now);
  return at == State::closed || (at == State::half_open && !trying_);
}

bool CircuitBreaker::enter(Instant now) {
  state_ = state(now);
  if (state_ != State::half_open) return false;
  trying_ = true;
  return true;
}

void CircuitBreaker::begun(bool probe) {
  if (!probe || state_ != State::half_open) return;
  state_ = State::closed;
  trying_ = false;
  failures_ = rules_.failures - 1;
}

void CircuitBreaker::answered() {
  state_ = State::closed;
  trying_ = false;
  failures_ = 0;
  length_ = Milliseconds(0);
}

void CircuitBreaker::failed(Instant now, bool probe) {
  if (state_ == State::half_open && probe) {
    ++failures_;
    return open(now, length_ * 2);
  }
  if (state_ != State::closed) return;
  if (failures_++ == 0) row_since_ = now;
  if (failures_ < rules_.failures || now - row_since_ < rules_.span) return;
  since_ = now;
  open(now, std::max(length_ * 2, rules_.first));
}

void CircuitBreaker::abandoned(bool probe) {
  if (probe) trying_ = false;
}

void CircuitBreaker::open(Instant now, Milliseconds length) {
  state_ = State::open;
  trying_ = false;
  length_ = std::min(length, rules_.longest);
  tries_at_ = now + length_;
}

}  // namespace troupe::models
