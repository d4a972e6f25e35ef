#pragma once

#include "memory/evaluation/ranking.h"
#include "runtime/base/json.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

inline constexpr std::size_t kCaseLineBytes = 1u << 20;
inline constexpr std::size_t kCases = 100'000;    ///< lines of one file
inline constexpr std::size_t kCaseProblems = 50;  ///< told of one file; of the rest, how many there are
inline constexpr int kGradeMax = 1'000;

/// A question, and what is a right answer to it.
struct AnswerCase {
  std::size_t line = 0;               ///< of the file, from 1
  std::string id;                     ///< "line 3" where the file gives none
  std::string input;                  ///< empty only where `inputs` has something
  std::vector<std::string> expected;  ///< one of them is as good as the other; at least one, none is blank
  Json inputs = Json::object();       ///< variables of a workflow
};

/// A question, and which documents are about it.
struct RetrievalCase {
  std::size_t line = 0;
  std::string id;
  std::string query;
  Relevance relevant;     ///< possibly nothing: the question is then left out of the figures
  std::string knowledge;  ///< where to search; empty: the file does not say
};

struct CaseProblem {
  std::size_t line = 0;  ///< 0: the whole file
  bool fatal = true;     ///< false: a remark, the line was read
  std::string message;   ///< what is there, and what was expected
};

struct EvaluationCases {
  std::vector<AnswerCase> answers;
  std::vector<RetrievalCase> retrievals;
  std::vector<CaseProblem> problems;  ///< by line; those of the whole file last

  bool ok() const;
};

/// Reads a file of `troupe eval`: UTF-8, one JSON object a line, blank lines between them. An object has
///   input     (or question, query, prompt): a text, or a list of one message of a user;
///   expected  (or answers, answer, ideal, references, reference, output): a text, a number, true or false, a
///             list of these, or SQuAD's {"text": […]}; and / or
///   relevant  a list of ids, or an object of id and grade (0: not relevant);
///   id, inputs (an object), knowledge (a name), metadata (anything; not read).
/// A line with both `expected` and `relevant` is a case of both kinds. Unknown keys are remarks, once each. A
/// line with a problem is left out, the lines behind it are read. Pure; any thread.
EvaluationCases read_cases(std::string_view text);

/// "line 3: …"
std::string shown(const CaseProblem& problem);

}  // namespace troupe::memory
