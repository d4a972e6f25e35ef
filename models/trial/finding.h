#pragma once

#include "runtime/base/result.h"

#include <string>
#include <vector>

namespace troupe::models {

/// What a trial of an entry found out about one thing.
struct Finding {
  enum class Verdict {
    works,
    fails,   ///< it should work and does not
    absent,  ///< it is not something the entry, its provider or its model has; no fault
  };
  std::string what;  ///< "connection", "answer", "stream", "tools", "usage", "schema", "embeddings", "kind"
  Verdict verdict = Verdict::works;
  std::string note;  ///< what came, or why not and what to do
};
using Findings = std::vector<Finding>;

std::string_view word(Finding::Verdict verdict);
/// None of them fails.
bool all_work(const Findings& findings);

/// What an error of the first call of an entry tells: whether its server was reached at all, and if so, that
/// `what` failed.
Findings from_first_error(const std::string& what, const Error& error);

/// `text` as one short line in quotes, without control characters.
std::string shown_line(std::string_view text);

}  // namespace troupe::models
