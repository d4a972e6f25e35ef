#pragma once

#include "models/builtin/team_text.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// The form that a task and what is expected name for a text.
struct WantedForm {
  std::size_t sentences = 0;          ///< "five bullets": five; six where nothing is said
  bool list = false;                  ///< "bullet", "list", "목록"
  std::string title;                  ///< the topic, where a report, post or the like is wanted; ""
  std::vector<std::string> headings;  ///< "with the headings Background and Outlook"; two at least, or none
};

WantedForm wanted_form(const TeamText& asked);

/// Whether a text names a list as the form.
bool wants_list(std::string_view order);

}  // namespace troupe::models::builtin
