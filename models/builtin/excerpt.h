#pragma once

#include "models/builtin/passages.h"
#include "models/builtin/subject.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// The sentences that answer best, in their own words, and where they stand.
struct Excerpt {
  std::string text;  ///< one to three sentences; "" when nothing was about the subject
  std::string title;
  std::string url;
  int number = 0;  ///< of its passage, to cite it by; 0: none
  double score =
      0;  ///< share of what was asked about that is met, with a bonus for the right kind of fact; 1 is good
};

/// Ranks every sentence by the subject's words in it and in its passage's title, by its place, and by whether
/// it has the kind of fact asked for (a date for "when"). Linear in the passages.
Excerpt best_excerpt(const std::vector<Passage>& passages, const Subject& subject);

/// The title among `passages` that names the subject best; "" when none shares a word with it.
std::string best_title(const std::vector<Passage>& passages, const Subject& subject);

/// The `count` most telling sentences of `text`, in their order. For summaries.
std::string summary_of(std::string_view text, std::size_t count);

}  // namespace troupe::models::builtin
