#pragma once

#include "models/builtin/team_text.h"

#include <string>
#include <string_view>

namespace troupe::models::builtin {

/// Whether work is what was expected, as far as rules can see.
struct Verdict {
  bool accept = false;
  std::string reason;  ///< what the rule went by, or what is missing
};

/// Accepted when the work is neither empty nor only says that it could not be done, has the form that is
/// expected (a list where "bullet" is, sources where "source" is, a heading where "report" or "heading" is),
/// and has at least half of the other words of what is expected, or of the task where that names only a form.
Verdict verdict_on(std::string_view work, std::string_view expected, std::string_view task);

/// The verdict on what was said last, as the JSON that a team asks for: {"accept", "reason"}.
std::string verdict_text(const TeamText& asked);

/// The end of a debate: for the one whose statements have the most different words of the question, numbers
/// and citations; the first of equals. Says that this is a rule and no judgement, and quotes what decided.
std::string decision_text(const TeamText& asked);

/// Who speaks next: whom the last message names; else, of those with the fewest turns, the one whose name and
/// description have the most words of the task and of the last message; the first of equals. Never who spoke
/// last where others may. `asked.listed` is not empty.
std::string next_speaker(const TeamText& asked);

}  // namespace troupe::models::builtin
