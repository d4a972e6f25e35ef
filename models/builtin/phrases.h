#pragma once

#include "models/builtin/inquiry.h"

#include <string>
#include <string_view>

namespace troupe::models::builtin::phrases {

// Everything `builtin` says in its own words, in the language of the question. None of it states a fact about
// the world; facts come from tools, with their source.

std::string calculate_thought(Language language);
std::string recalculate_thought(Language language);
std::string clock_thought(Language language);
std::string search_thought(Language language, std::string_view tool, std::string_view query);
std::string page_thought(Language language, std::string_view title);
std::string retry_thought(Language language, std::string_view tool);
std::string answer_thought(Language language);
std::string no_tool_thought(Language language);

std::string needs_language_model(Language language);
std::string part_needs_language_model(Language language, std::string_view part);
std::string how_to_configure(Language language);
std::string greeting(Language language, std::string_view abilities);
std::string about_self(Language language, std::string_view abilities);
/// "calculate (calculator), look things up (wiki, web)": from the tools the agent has.
std::string abilities(Language language, const Offer& offer);

std::string no_calculator(Language language, std::string_view expression);
std::string no_clock(Language language);
std::string no_search(Language language, std::string_view query);
std::string no_previous_number(Language language);
std::string unknown_reference(Language language);
std::string calculation_failed(Language language, std::string_view expression, std::string_view error);
std::string clock_failed(Language language, std::string_view error);
std::string clock_says(Language language, std::string_view output);
std::string unknown_place(Language language, std::string_view place);
std::string search_failed(Language language, std::string_view query, std::string_view tools,
                          std::string_view error);
std::string nothing_found(Language language, std::string_view query, std::string_view tools);
std::string passages_do_not_say(Language language);
std::string closest_passage(Language language, std::string_view query);
std::string source(Language language, std::string_view title, std::string_view url, std::string_view tool);
std::string step_refused(Language language, std::string_view reason);
std::string empty_question(Language language);
std::string no_step_left(Language language, std::string_view part);
std::string more_asked(Language language);

}  // namespace troupe::models::builtin::phrases
