#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// What kind of fact would answer a question.
enum class Focus { none, person, time, place, quantity };

/// What a question is about, without the words that only make it a question.
struct Subject {
  std::string query;               ///< for a search: "capital of France", "에펠탑"
  std::vector<std::string> terms;  ///< stems of its content words, for finding the sentences that answer
  std::string entity;              ///< the longest proper name or quotation in it, or ""
  Focus focus = Focus::none;
  bool refers_back = false;  ///< "she", "it", "그는": to what was asked before
  bool ellipsis = false;     ///< "what about Spain?": only the name changes
};

Subject english_subject(std::string_view question);
Subject korean_subject(std::string_view question);

/// The subject meant, when `subject` refers back to `before`: its pronoun becomes the earlier name, or, in an
/// ellipsis, the earlier subject is asked of another name.
Subject resolve(Subject subject, const Subject& before);

}  // namespace troupe::models::builtin
