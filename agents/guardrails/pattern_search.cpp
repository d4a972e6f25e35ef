#include "agents/guardrails/pattern_search.h"

#include <algorithm>

namespace troupe::agents {

// A part ends where a character does.
std::size_t PatternSearch::part_end() const {
  std::size_t end = std::min(text_.size(), from_ + width_);
  while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xC0) == 0x80) ++end;
  return end;
}

PatternSearch::State PatternSearch::step() {
  if (++parts_ > limits::kSearchParts) return State::too_hard;
  const std::size_t end = part_end();
  switch (pattern_.search_part(text_, from_, end, place_)) {
    case tools::Pattern::Match::yes:
      return State::found;
    case tools::Pattern::Match::no:
      if (end == text_.size()) return State::absent;
      from_ = end;
      width_ = std::min(width_ * 2, limits::kSearchPart);
      return State::searching;
    case tools::Pattern::Match::too_hard:
      break;
  }
  if (width_ <= limits::kSearchPartMin || end - from_ <= limits::kSearchPartMin) return State::too_hard;
  width_ = std::max(width_ / 8, limits::kSearchPartMin);
  return State::searching;
}

}  // namespace troupe::agents
