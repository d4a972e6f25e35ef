#pragma once

#include "models/builtin/inquiry.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::models::builtin::phrases {

// What `builtin` says of itself and of its rules as a member of a team, in the language of the task. Every
// line in which it speaks of itself has its name in backquotes, so that told_in() can tell it from what
// others are to work with.

std::string delegate_thought(Language language, std::string_view to);
std::string return_thought(Language language, std::string_view to);
std::string handoff_thought(Language language, std::string_view to);
std::string handoff_reason(Language language, std::string_view to, std::string_view message);
std::string ask_thought(Language language, std::string_view to);
std::string ask_person_thought(Language language);
std::string material_thought(Language language);

std::string not_accepted(Language language, std::string_view reason);
std::string nobody_gave(Language language, std::string_view errors);
std::string person_question(Language language, std::string_view task);
std::string person_said(Language language, std::string_view answer);
std::string nothing_to_write(Language language, std::string_view given);
std::string written_by_rules(Language language);
std::string sources_label(Language language);
std::string said_by(Language language, std::string_view who);

std::string position_of(Language language, std::string_view name, std::string_view position);
std::string held_against(Language language, std::string_view name, std::string_view sentence);
std::string argues_nothing(Language language);
std::string sits_as(Language language, std::string_view name, std::string_view role, std::string_view task);

std::string decided_for(Language language, std::string_view name, std::size_t words, std::size_t facts,
                        bool tie);
std::string decided_for_nobody(Language language);
std::string yes_or_no(Language language, bool yes, std::string_view why);
std::string says_neither(Language language);
std::string what_it_said(Language language, std::string_view name);

/// `text` without the lines in which `builtin` speaks of itself, and without what it says when it has found
/// nothing or cannot help: what is left is worth working with, and may be nothing.
std::string told_in(std::string_view text);

}  // namespace troupe::models::builtin::phrases
