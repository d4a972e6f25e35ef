#include "models/governor/retry_policy.h"

#include <algorithm>

namespace troupe::models {

namespace {

using std::chrono::milliseconds;

// Of `span`, between 0 and all of it.
milliseconds share(milliseconds span, std::uint64_t random) {
  const double part = static_cast<double>(random >> 11) * 0x1.0p-53;  // [0, 1)
  return milliseconds(static_cast<long long>(part * static_cast<double>(span.count())));
}

}  // namespace

std::optional<milliseconds> RetryPolicy::wait(const Error& error, int attempt, std::uint64_t random) const {
  if (!error.retryable || attempt > 1 + retries) return std::nullopt;
  if (!error.retry_after) return backoff(attempt, random);
  if (*error.retry_after > ask_max) return std::nullopt;
  return spread(*error.retry_after, random);
}

milliseconds RetryPolicy::backoff(int attempt, std::uint64_t random) const {
  milliseconds step = first;
  for (int i = 2; i < attempt && step < longest; ++i) step *= 2;
  step = std::min(step, longest);
  return step / 2 + share(step - step / 2, random);
}

milliseconds RetryPolicy::spread(milliseconds asked, std::uint64_t random) {
  return asked + share(std::min<milliseconds>(asked / 10 + milliseconds(50), milliseconds(1000)), random);
}

}  // namespace troupe::models
