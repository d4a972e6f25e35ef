#pragma once

#include "runtime/base/json.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::memory {

/// A number of a filter or of metadata. Whole numbers and others are compared exactly, also beyond 2^53.
struct FilterNumber {
  bool whole = true;
  std::int64_t integer = 0;  ///< when whole
  double real = 0;           ///< when not

  std::partial_ordering operator<=>(const FilterNumber& other) const;
  bool operator==(const FilterNumber& other) const { return (*this <=> other) == 0; }

  /// The number that `text` is, from its first to its last character: "-3", "2.50", "1e3". Nothing for "",
  /// " 3", "3 ", "+3", "0x10", "inf", "nan".
  static std::optional<FilterNumber> read(std::string_view text);
  /// The number that `value` is, or that its text is in full.
  static std::optional<FilterNumber> in(const Json& value);
  /// Nothing when `value` is no number. An unsigned number past 2^63 is taken as the nearest double.
  static std::optional<FilterNumber> of(const Json& value);
};

/// How `value` stands to `operand`; both are texts or numbers. Numbers compare as such; so do texts that both
/// are numbers in full, and a text that is one beside a number. Other texts compare by their bytes, which is
/// by code points, so that dates as 2024-05-31 are in order. Nothing: they have no order. Nothing is
/// allocated.
std::optional<std::partial_ordering> order(const Json& value, const Json& operand);

/// Values one of which is looked for. A text and a number are the same when the text is that number in full;
/// a text and a boolean when the text is "true" or "false"; two texts only when their bytes are ("007" is not
/// "7").
class FilterValues {
 public:
  FilterValues() = default;
  /// Texts, numbers and booleans; everything else is left out.
  explicit FilterValues(const std::vector<Json>& values);

  /// Logarithmic in the values; nothing is allocated.
  bool contains(const Json& value) const;

 private:
  bool contains_text(std::string_view text) const;

  std::vector<std::string> texts_;             // sorted
  std::vector<FilterNumber> numbers_;          // sorted
  std::vector<FilterNumber> numbers_in_text_;  // sorted
  bool true_ = false;
  bool false_ = false;
};

}  // namespace troupe::memory
