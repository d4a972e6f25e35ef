#pragma once

#include "memory/knowledge/search/filter_value.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// Which chunks a search may find, by their metadata: an object of texts, numbers, booleans, and lists of
/// these. Immutable once made; any thread.
///
///     {title: "Handbook"}                        equal; several members must all hold
///     {year: {gt: 2020, lte: 2024}}              operators; several must all hold
///     {tag: {in: [a, b]}, draft: {exists: false}}
///     {any: [{year: 2024}, {not: {lang: ko}}]}   any, all: lists of filters; not: one
///
/// Operators: = == eq, != <> ne, < lt, <= lte, > gt, >= gte, in, not in (nin), exists, not. Those of MongoDB
/// ($eq $ne $lt $lte $gt $gte $in $nin $exists $not, $and, $or), which Chroma and Pinecone have too, mean the
/// same. A key of metadata that is called any, all or not is reached by parse_terms() only.
///
/// What is compared how: filter_value.h. Booleans and values of different kinds have no order.
/// A list matches =, in and the order operators when any of its elements does; != and not in when none is
/// equal. A key that is missing or null: != and not in hold, exists: false holds, the others do not; `not`
/// turns around whatever its filter says. A key is taken as it stands: dots mean nothing.
class Filter {
 public:
  /// Lets everything through.
  Filter() = default;

  /// Null and {} let everything through. Errors: invalid, each with the JSON Pointer (RFC 6901) of the part
  /// ("/year/gtt: …"); too_large (limits.h).
  static Result<Filter> parse(const Json& value);

  /// What a command line has: `key=value`, and with != >= <= > <. All must hold. A value that JSON reads as a
  /// number or a boolean is one; quotes (`version="1.10"`) make it a text. Blanks around key and value mean
  /// nothing. Errors: invalid, too_large.
  static Result<Filter> parse_terms(std::span<const std::string> terms);

  /// Lets through what both do.
  static Filter both(Filter a, Filter b);

  /// `metadata`: an object; anything else has no keys. Linear in conditions and list elements; nothing is
  /// allocated.
  bool matches(const Json& metadata) const;

  /// As it was written for parse(): null when nothing was.
  const Json& written() const { return written_; }
  /// Lets everything through.
  bool empty() const { return nodes_.empty(); }
  /// The keys it reads, each once, in order of the alphabet.
  std::vector<std::string> keys() const;

 private:
  friend class FilterReader;

  enum class Kind { all, any, negation, one_of, none_of, less, at_most, greater, at_least, exists, absent };

  // In pre-order: the parts of a node stand behind it, up to `end`.
  struct Node {
    Kind kind = Kind::all;
    std::string key;
    FilterValues values;  // one_of, none_of
    Json operand;         // less … at_least
    std::size_t end = 0;
  };

  bool matches(std::size_t at, const Json& metadata) const;
  static bool holds(const Node& node, const Json* value);

  std::vector<Node> nodes_;
  Json written_;
};

}  // namespace troupe::memory
