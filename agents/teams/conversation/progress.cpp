#include "agents/teams/conversation/progress.h"

#include <algorithm>
#include <cstddef>

namespace troupe::agents {

Pace Progress::turn(const std::string& from, std::string_view text, bool again) {
  const bool empty = text.find_first_not_of(" \t\r\n") == text.npos;
  const bool before = before_.add(from, text);
  if (repeating(from, text)) return Pace::repeating;
  without_ = again || empty || before ? without_ + 1 : 0;
  if (stall_ <= 0 || without_ < stall_) return Pace::moving;
  if (planned_) return Pace::stalled;
  planned_ = true;
  without_ = 0;
  return Pace::new_plan;
}

// A, B, A, B, A: A said it three times, and nothing else came between.
bool Progress::repeating(const std::string& from, std::string_view text) {
  if (repeats_ <= 0) return false;
  const auto window = static_cast<std::size_t>(2 * std::max(repeats_, 2) - 1);
  last_.push_back({from, text_mark(plain_text(text))});
  if (last_.size() > window) last_.pop_front();
  if (last_.size() < window || last_[0].from == last_[1].from) return false;
  for (std::size_t i = 2; i < window; ++i)
    if (last_[i] != last_[i - 2]) return false;
  return true;
}

}  // namespace troupe::agents
