#pragma once

#include "agents/guardrails/limits.h"
#include "tools/schema/pattern.h"

#include <cstddef>
#include <string_view>

namespace troupe::agents {

/// Looks for a pattern in a long text, a part of its places at a time, so that nothing waits for more than
/// about 20 ms. Where a part is too hard it becomes smaller, so an ordinary pattern finds its end in any text
/// of up to limits::kJudgedBytes, and only one that is hard from a single place on gives up. The same search
/// always ends the same way. Sans I/O; pattern and text outlive it.
class PatternSearch {
 public:
  enum class State { searching, found, absent, too_hard };

  /// `text` must be UTF-8.
  PatternSearch(const tools::Pattern& pattern, std::string_view text) : pattern_(pattern), text_(text) {}

  /// Looks at the next part.
  State step();
  /// Where the match stands, once found.
  const tools::Pattern::Place& place() const { return place_; }

 private:
  std::size_t part_end() const;

  const tools::Pattern& pattern_;
  std::string_view text_;
  std::size_t from_ = 0;
  std::size_t width_ = limits::kSearchPart;
  std::size_t parts_ = 0;
  tools::Pattern::Place place_;
};

}  // namespace troupe::agents
