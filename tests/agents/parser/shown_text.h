#pragma once

#include "agents/react/parser/label_scanner.h"

#include <string_view>

namespace troupe::tests {

/// Whether some line of an answer begins with a plain label of a step (`Thought:`, `Observation:`, `Final
/// Answer:` in any language), which no reader of a chat should see. `Action:` also opens lines of ordinary
/// answers, and counts only with `strict`. Linear.
inline bool shows_label(std::string_view answer, bool strict = false) {
  using agents::Label, agents::LabelScanner;
  for (std::size_t line = 0; line < answer.size();) {
    LabelScanner scanner;
    auto verdict = LabelScanner::Verdict::undecided;
    for (std::size_t at = line; at < answer.size() && verdict == LabelScanner::Verdict::undecided; ++at)
      verdict = scanner.byte(answer[at]);
    bool label = verdict == LabelScanner::Verdict::label && !scanner.decorated();
    bool action = label && (scanner.label() == Label::action || scanner.label() == Label::input);
    if (label && agents::is_strong(scanner.label()) && (strict || !action)) return true;
    std::size_t end = answer.find('\n', line);
    if (end == std::string_view::npos) break;
    line = end + 1;
  }
  return false;
}

}  // namespace troupe::tests
