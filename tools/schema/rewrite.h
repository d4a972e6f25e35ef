#pragma once

#include "runtime/base/result.h"
#include "tools/schema/rules.h"

#include <vector>

#include <nlohmann/json.hpp>

namespace troupe::tools {

enum class Dialect {
  automatic,  ///< as `$schema` says; 2020-12 when it says nothing
  draft7,     ///< draft 4 to 7: what stands beside a $ref is ignored
  modern,     ///< 2019-09 and 2020-12
};

/// A schema as valijson can carry it out without harm: draft 7, every $ref resolved to #/definitions/N,
/// `false` and all keywords that judge a value by itself replaced by the number of a rule list under
/// kRulesKeyword.
struct RewrittenSchema {
  nlohmann::json document;
  std::vector<std::vector<Rule>> rules;
};

inline constexpr const char* kRulesKeyword = "x-troupe-rules";

/// Errors: invalid, naming the place in the schema: what is no schema, a keyword that would not be enforced
/// (unevaluatedProperties, $dynamicRef, minContains…), a $ref out of the document or to nothing, one that
/// refers to itself without going deeper into the value, a misspelt keyword, a schema too deep or too large.
Result<RewrittenSchema> rewrite_schema(const nlohmann::json& schema, Dialect dialect);

}  // namespace troupe::tools
