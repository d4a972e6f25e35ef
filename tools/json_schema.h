#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "tools/schema/rewrite.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// A value that fits its schema, perhaps after it was mended.
struct Checked {
  Json value;
  std::vector<std::string> repairs;  ///< "/max_results: \"5\" read as 5"; empty when it fitted as it was
};

/// A JSON Schema, compiled once and held against many values: draft 4 to 7 and the part of 2020-12 that is
/// enforced (schema/rewrite.h says what is refused). A keyword that would be ignored in silence is refused
/// when the schema is compiled.
///
/// valijson applies the schemas (allOf, anyOf, if, items, properties, references…); the keywords that judge a
/// value by itself are rules of our own, so that `pattern` runs on PCRE2 with limits and every message says
/// pointer, rule and what was found. Bounded: depth, size and the number of schemas applied to one value. One
/// thread at a time.
class JsonSchema {
 public:
  /// Errors: invalid, naming the place in the schema.
  static Result<JsonSchema> parse(std::string_view text, Dialect dialect = Dialect::automatic);
  static Result<JsonSchema> compile(const Json& schema, Dialect dialect = Dialect::automatic);
  JsonSchema(JsonSchema&&) noexcept;
  JsonSchema& operator=(JsonSchema&&) noexcept;
  ~JsonSchema();

  /// Errors: invalid; the message has one line per problem, "/max_results: must be at most 20, is 50", at
  /// most a dozen.
  Result<> check(const Json& value) const;

  /// Like check, but first mends what can be meant in one way only: a number or true written as a string,
  /// JSON written as a string where an object or array is wanted, one value where a list is wanted, null for
  /// what may be left out, and a bare value for a tool with one required argument. Nothing is made up: no
  /// defaults are filled in.
  Result<Checked> validate(Json value) const;

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace troupe::tools
