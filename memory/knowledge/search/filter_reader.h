#pragma once

#include "memory/knowledge/search/filter.h"

#include <string>
#include <string_view>

namespace troupe::memory {

/// Makes a Filter of what was written, and says which part is wrong. One filter each.
class FilterReader {
 public:
  /// A filter object, and all of its parts.
  Result<> filter(const Json& value, std::string pointer);
  /// One `key OPERATOR value`; several are joined by all_of().
  Result<> compare(std::string_view key, std::string_view operation, const Json& operand,
                   std::string pointer);

  /// What was read so far must all hold.
  Filter all_of() &&;

 private:
  using Kind = Filter::Kind;

  Result<> member(const std::string& key, const Json& value, const std::string& pointer);
  Result<> group(Kind kind, const Json& list, const std::string& pointer);
  Result<> negation(const Json& value, const std::string& pointer);
  Result<> condition(const std::string& key, const Json& value, const std::string& pointer);
  Result<> operators(const std::string& key, const Json& value, const std::string& pointer);
  Result<> without(const std::string& key, const Json& value, const std::string& pointer);
  Result<> leaf(Kind kind, std::string_view key, const Json& operand, const std::string& pointer);
  Result<> value_fits(const Json& value, const std::string& pointer);

  /// Begins a node whose parts follow; close() ends it.
  Result<std::size_t> open(Kind kind, const std::string& pointer);
  void close(std::size_t node) { filter_.nodes_[node].end = filter_.nodes_.size(); }

  Filter filter_;
  std::size_t depth_ = 0;
  std::size_t values_ = 0;
};

}  // namespace troupe::memory
