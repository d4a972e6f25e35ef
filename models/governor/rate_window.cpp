#include "models/governor/rate_window.h"

#include <algorithm>

namespace troupe::models {

std::int64_t RateWindow::part_of(Instant now) const {
  return now.time_since_epoch() / (std::chrono::duration_cast<Instant::duration>(rates_.length) / kParts);
}

// A part is in the window as long as any instant of it is.
Instant RateWindow::left_by(const Part& part) const {
  const auto length = std::chrono::duration_cast<Instant::duration>(rates_.length) / kParts;
  return Instant(length * (part.index + kParts + 1));
}

void RateWindow::forget(Instant now) {
  while (!parts_.empty() && left_by(parts_.front()) <= now) {
    requests_ -= parts_.front().requests;
    tokens_ -= parts_.front().tokens;
    parts_.pop_front();
  }
}

bool RateWindow::fits(std::int64_t requests, std::int64_t tokens, std::int64_t wanted) const {
  const bool room = rates_.requests == 0 || requests < rates_.requests;
  return room && (rates_.tokens == 0 || tokens <= 0 || tokens + wanted <= rates_.tokens);
}

Instant RateWindow::free_at(Instant now, std::int64_t tokens) {
  forget(now);
  std::int64_t requests = requests_;
  std::int64_t used = tokens_;
  Instant at = now;
  for (const Part& part : parts_) {
    if (fits(requests, used, tokens)) break;
    requests -= part.requests;
    used -= part.tokens;
    at = left_by(part);
  }
  return at;
}

RateWindow::Reservation RateWindow::take(Instant now, std::int64_t tokens) {
  forget(now);
  const std::int64_t index = part_of(now);
  if (parts_.empty() || parts_.back().index != index) parts_.push_back({.index = index});
  parts_.back().requests += 1;
  parts_.back().tokens += tokens;
  requests_ += 1;
  tokens_ += tokens;
  return {.part = index, .tokens = tokens};
}

void RateWindow::correct(const Reservation& reserved, std::int64_t tokens) {
  auto part = std::ranges::find(parts_, reserved.part, &Part::index);
  if (part == parts_.end()) return;
  part->tokens += tokens - reserved.tokens;
  tokens_ += tokens - reserved.tokens;
}

}  // namespace troupe::models
