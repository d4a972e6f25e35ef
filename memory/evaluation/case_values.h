#pragma once

#include "memory/evaluation/ranking.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <string>
#include <vector>

/// What the values of a case may look like; see read_cases. Errors: invalid, in words that follow the key's
/// name: "is 3; a text was expected". Pure.
namespace troupe::memory {

Result<std::string> case_input(const Json& value);
Result<std::vector<std::string>> case_expected(const Json& value);
Result<Relevance> case_relevant(const Json& value);
Result<std::string> case_id(const Json& value);

/// A value as messages show it: short, on one line.
std::string excerpt_of(const Json& value);

}  // namespace troupe::memory
