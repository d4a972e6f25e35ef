#pragma once

#include "runtime/base/result.h"
#include "tools/schema/pattern.h"
#include "tools/schema/rules.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace troupe::tools {

enum class Dialect {
  automatic,  ///< as `$schema` says; 2020-12 when it says nothing
  draft7,     ///< draft 4 to 7: what stands beside a $ref is ignored
  modern,     ///< 2019-09 and 2020-12
};

/// `patternProperties`, and `additionalProperties` where it stands beside them.
struct NamedMembers {
  std::vector<std::pair<Pattern, std::size_t>> patterns;  ///< with the definition for the members so named
  std::vector<std::string> known;                         ///< names that `properties` has
  std::optional<std::size_t> additional;                  ///< the definition for all other members
  bool closed = false;                                    ///< no other members are allowed
};

/// One schema object: what of it is carried out by us, not by valijson. A definition is the number of a place
/// in the original that is applied by us.
struct SchemaNode {
  std::vector<Rule> rules;
  std::optional<std::size_t> reference;  ///< $ref
  std::optional<std::size_t> contains;   ///< what one item must fit
  std::optional<NamedMembers> members;
};

/// A schema as valijson can carry it out without harm: draft 7 without references, regular expressions and
/// `false`, and the keywords that judge a value by itself replaced by the number of a node under
/// kNodeKeyword.
struct RewrittenSchema {
  nlohmann::json document;           ///< {"anyOf": [definition 0, 1, …]}; 0 is the whole schema
  std::vector<std::size_t> nesting;  ///< of each definition: schemas within one another
  std::vector<SchemaNode> nodes;
};

inline constexpr const char* kNodeKeyword = "x-troupe-node";

/// Errors: invalid, naming the place in the schema: what is no schema, a keyword that would not be enforced
/// (unevaluatedProperties, $dynamicRef, minContains…), a $ref out of the document or to nothing, one that
/// refers to itself without going deeper into the value, a misspelt keyword, a schema too deep or too large.
Result<RewrittenSchema> rewrite_schema(const nlohmann::json& schema, Dialect dialect);

}  // namespace troupe::tools
