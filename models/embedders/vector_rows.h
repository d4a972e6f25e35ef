#pragma once

#include "models/embedder.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <string_view>
#include <vector>

namespace troupe::models {

/// Collects the rows of an answer, in whatever order they come. Errors of all members: protocol.
class VectorRows {
 public:
  /// `rows` that will come.
  explicit VectorRows(std::size_t rows) : filled_(rows) {}

  /// The vector of text `row`: an array of numbers, or base64 of float32 in little-endian order. Each row
  /// once, as long as the first, every number finite.
  Result<> put(std::size_t row, const Json& vector);
  /// Every row must be there.
  Result<Vectors> take();

 private:
  Result<> begin(std::size_t row, std::size_t dimensions);
  Result<> put_numbers(std::size_t row, const Json& vector);
  Result<> put_base64(std::size_t row, std::string_view text);
  Result<> store(std::size_t row, std::size_t column, double value);

  std::vector<bool> filled_;
  Vectors vectors_;
};

/// The body of an answer as JSON. Errors: protocol with how it begins, model when it is an error all the
/// same.
Result<Json> read_answer(std::string_view body);

/// The list `key` of an answer. Errors: protocol, with how the answer begins.
Result<const Json*> list_in(const Json& answer, std::string_view key);

/// `count` at the end of an answer, or an estimate where a server does not say.
Usage counted(const Json* count);

}  // namespace troupe::models
