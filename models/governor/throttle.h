#pragma once

#include "models/governor/retry_policy.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"

#include <cstdint>

namespace troupe::models {

/// How an endpoint is approached that said "too many": nobody calls it for a while; then one call goes ahead,
/// and once that is answered two, four and so on, until all may. A refusal of the one that went ahead makes
/// the next pause twice as long. However many callers there are, an endpoint that refuses everything gets one
/// call per pause. Pure: `now` never goes back.
class Throttle {
 public:
  explicit Throttle(RetryPolicy pauses = {}) : pauses_(pauses) {}

  /// An error after which everybody waits: 429, 529, a plugin that is busy, and whatever says when to come
  /// back.
  static bool is_refusal(const Error& error);

  /// There is nothing to mind.
  bool free() const { return free_; }
  /// Nobody calls before this.
  Instant opens_at() const { return opens_at_; }
  /// The pause that was asked for is longer than anybody waits; after the longest that is, one call tries.
  bool too_long(Instant now) const { return too_long_ && now < opens_at_; }
  /// May one more go ahead, once the pause is over?
  bool room() const { return free_ || ahead_ < allowed_; }

  /// A call goes; to be told with the number that comes back what becomes of it, once.
  int enter();
  void answered(int episode);
  void abandoned(int episode);
  /// It was refused. True: a pause began with it. Calls that went before a pause began say nothing new,
  /// unless they were told to stay away for longer.
  bool refused(const Error& error, int episode, Instant now, std::uint64_t random);

 private:
  Milliseconds pause(const Error& error, std::uint64_t random) const;

  const RetryPolicy pauses_;
  bool free_ = true;
  bool too_long_ = false;
  int episode_ = 0;  // pauses so far
  int level_ = 0;    // refusals in a row
  int allowed_ = 0;
  int ahead_ = 0;  // calls without an answer yet
  Instant opens_at_{};
};

}  // namespace troupe::models
