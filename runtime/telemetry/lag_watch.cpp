#include "runtime/telemetry/lag_watch.h"

#include "runtime/telemetry/log.h"

namespace troupe {

void LagWatch::arm() {
  due_ = loop_.clock().now() + kEvery;
  alarm_ = loop_.at(due_, [this] { fired(); });
}

void LagWatch::fired() {
  auto lag = std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - due_);
  worst_ = std::max(worst_, lag);
  if (lag > kTolerated) log::warn("the event loop was held up", {{"ms", lag.count()}});
  arm();
}

}  // namespace troupe
