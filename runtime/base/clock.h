#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace troupe {

using Milliseconds = std::chrono::milliseconds;

/// A point on the steady clock: what deadlines are made of. Never stored.
using Instant = std::chrono::steady_clock::time_point;

/// Where time comes from, so that a simulation can bring its own.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Steady: for deadlines and durations. Jumps of the wall clock do not move it.
  virtual Instant now() const = 0;
  /// Milliseconds since the Unix epoch: for what is stored and shown.
  virtual std::int64_t wall_ms() const = 0;
};

/// The machine's own clock. Any thread.
class SystemClock final : public Clock {
 public:
  Instant now() const override { return std::chrono::steady_clock::now(); }
  std::int64_t wall_ms() const override;
};

/// RFC 3339 in UTC with milliseconds: "2026-11-20T09:30:00.012Z". Any thread.
std::string rfc3339(std::int64_t wall_ms);

/// A deadline that only shrinks as it is handed down.
class Deadline {
 public:
  Deadline() = default;  ///< none: never expires
  explicit Deadline(Instant at) : at_(at) {}
  static Deadline after(const Clock& clock, Milliseconds duration) {
    return Deadline(clock.now() + duration);
  }

  bool none() const { return at_ == Instant::max(); }
  Instant at() const { return at_; }
  bool expired(Instant now) const { return now >= at_; }
  /// Zero when expired; Milliseconds::max() when there is none.
  Milliseconds remaining(Instant now) const;
  /// The earlier of both: a callee may shorten, never extend.
  Deadline sooner(Deadline other) const { return other.at_ < at_ ? other : *this; }

 private:
  Instant at_ = Instant::max();
};

}  // namespace troupe
