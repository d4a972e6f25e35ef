#pragma once

#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// OpenAPI documents (https://spec.openapis.org/oas/v3.1.1, v3.0.4), as far as tools are made of them. Pure;
/// any thread.
namespace troupe::tools::openapi {

inline constexpr std::size_t kDocumentBytes = std::size_t{16} << 20;

/// A document of version 3.0 or 3.1 in JSON or YAML. Errors: invalid, with the place of what cannot be read;
/// Swagger 2.0 is told apart.
Result<Json> read_document(std::string_view text);

/// `value` where it is an object, else an empty one: to go through its members.
const Json& object_or_empty(const Json* value);

/// What a `$ref` stands for, by references to the same document. The document outlives it.
class References {
 public:
  explicit References(const Json& document) : document_(document) {}
  /// `node` itself, or what its `$ref` leads to over any number of them. Errors: invalid: one that leads to
  /// nothing, in a circle, or out of the document.
  Result<const Json*> follow(const Json& node) const;

 private:
  const Json& document_;
};

/// The schema of a value for a model: JSON Schema of the current dialect without references. What only
/// describes a document (examples, xml, discriminators, x-…) is left out, as is what a caller must not send
/// (readOnly); 3.0's `nullable` and `exclusiveMinimum: true` become what they mean, and any number of the
/// alternatives of a `oneOf` may fit. A schema within itself,
/// and what is beyond the limits of depth and size, is cut to one that takes anything. So is one that a
/// broken reference stands for: problem() says so, and what was read must then not be used.
class SchemaReader {
 public:
  explicit SchemaReader(const Json& document) : references_(document) {}
  Json read(const Json& schema);
  /// The first reference so far that leads to no schema of the document, or "".
  const std::string& problem() const { return problem_; }

 private:
  Json read(const Json& schema, int depth);
  Json broken(std::string why);
  void copy(const Json& from, Json& to, int depth);
  void add_one_of(const Json& alternatives, Json& to, int depth);
  void hide(const Json& schema, std::set<std::string>& hidden) const;

  References references_;
  std::size_t left_ = 4'000;       // nodes of one operation
  std::vector<const Json*> open_;  // what is being read
  int cuts_ = 0;
  std::string problem_;
};

}  // namespace troupe::tools::openapi
