#pragma once

#include "runtime/base/result.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace troupe::tools {

/// What is wrong with a value: a JSON pointer below it ("" for itself) and the rule with what was found.
struct Violation {
  std::string pointer;
  std::string text;
};

/// What rules found in a value, and what looking took, in steps of a few µs.
struct Findings {
  std::vector<Violation> violations;
  std::size_t steps = 0;
};

/// One keyword that says something about a value by itself ("maximum": 20), as opposed to those that apply
/// other schemas, which valijson does. Appends what the value violates; nothing when the keyword does not
/// apply to it.
using Rule = std::function<void(const nlohmann::json& value, Findings& found)>;

/// The rules of one schema object, in an order that reads well (type first). `schema` is only read.
/// Errors: invalid, for a keyword whose argument is no valid one.
Result<std::vector<Rule>> make_rules(const nlohmann::json& schema);

/// The rule of `false`: nothing is allowed here.
Rule nothing_allowed();

/// Appends `name` to a JSON pointer, escaped.
void append_pointer(std::string& pointer, std::string_view name);
/// The value, short, for a message: `"text"`, `50`, `an object`.
std::string shown(const nlohmann::json& value);
/// Text that is equal for values JSON Schema calls equal (1 and 1.0, objects in any order). Ends soon after
/// `bytes_max`: then the value is longer than anything it could be equal to.
std::string canonical(const nlohmann::json& value, std::size_t bytes_max = std::string::npos);

}  // namespace troupe::tools
