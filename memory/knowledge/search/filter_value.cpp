#include "memory/knowledge/search/filter_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace troupe::memory {

namespace {

constexpr double kTwoTo63 = 9223372036854775808.0;

std::partial_ordering compare(std::int64_t whole, double real) {
  if (std::isnan(real)) return std::partial_ordering::unordered;
  if (real >= kTwoTo63) return std::partial_ordering::less;
  if (real < -kTwoTo63) return std::partial_ordering::greater;
  const double floor = std::floor(real);
  const auto below = static_cast<std::int64_t>(floor);
  if (whole != below) return whole <=> below;
  return floor < real ? std::partial_ordering::less : std::partial_ordering::equivalent;
}

bool sorts_before(const FilterNumber& a, const FilterNumber& b) {
  return (a <=> b) < 0;
}

}  // namespace

std::partial_ordering FilterNumber::operator<=>(const FilterNumber& other) const {
  if (whole && other.whole) return integer <=> other.integer;
  if (whole) return compare(integer, other.real);
  if (other.whole) return 0 <=> compare(other.integer, real);
  return real <=> other.real;
}

std::optional<FilterNumber> FilterNumber::in(const Json& value) {
  return value.is_string() ? read(value.get_ref<const std::string&>()) : of(value);
}

std::optional<FilterNumber> FilterNumber::read(std::string_view text) {
  const bool begins = !text.empty() && (text[0] == '-' ? text.size() > 1 && text[1] >= '0' && text[1] <= '9'
                                                       : text[0] >= '0' && text[0] <= '9');
  if (!begins) return std::nullopt;
  const char* end = text.data() + text.size();
  FilterNumber number;
  if (auto [at, error] = std::from_chars(text.data(), end, number.integer); error == std::errc() && at == end)
    return number;
  number.whole = false;
  auto [at, error] = std::from_chars(text.data(), end, number.real);
  if (error != std::errc() || at != end) return std::nullopt;
  return number;
}

std::optional<FilterNumber> FilterNumber::of(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto unsigned_value = value.get<std::uint64_t>();
    if (unsigned_value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return FilterNumber{.whole = false, .real = static_cast<double>(unsigned_value)};
    return FilterNumber{.integer = static_cast<std::int64_t>(unsigned_value)};
  }
  if (value.is_number_integer()) return FilterNumber{.integer = value.get<std::int64_t>()};
  if (value.is_number_float()) return FilterNumber{.whole = false, .real = value.get<double>()};
  return std::nullopt;
}

std::optional<std::partial_ordering> order(const Json& value, const Json& operand) {
  const auto a = FilterNumber::in(value);
  const auto b = FilterNumber::in(operand);
  if (a && b) return *a <=> *b;
  if (!value.is_string() || !operand.is_string()) return std::nullopt;
  return value.get_ref<const std::string&>() <=> operand.get_ref<const std::string&>();
}

FilterValues::FilterValues(const std::vector<Json>& values) {
  for (const Json& value : values) {
    if (value.is_boolean()) (value.get<bool>() ? true_ : false_) = true;
    if (auto number = FilterNumber::of(value)) numbers_.push_back(*number);
    if (!value.is_string()) continue;
    texts_.push_back(value.get<std::string>());
    if (auto number = FilterNumber::read(texts_.back())) numbers_in_text_.push_back(*number);
  }
  std::ranges::sort(texts_);
  std::ranges::sort(numbers_, sorts_before);
  std::ranges::sort(numbers_in_text_, sorts_before);
}

bool FilterValues::contains(const Json& value) const {
  if (value.is_string()) return contains_text(value.get_ref<const std::string&>());
  if (value.is_boolean()) {
    const bool truth = value.get<bool>();
    return (truth ? true_ : false_) ||
           std::binary_search(texts_.begin(), texts_.end(), truth ? "true" : "false", std::less<>());
  }
  const auto number = FilterNumber::of(value);
  return number && !std::isnan(number->real) &&
         (std::ranges::binary_search(numbers_, *number, sorts_before) ||
          std::ranges::binary_search(numbers_in_text_, *number, sorts_before));
}

bool FilterValues::contains_text(std::string_view text) const {
  if (std::binary_search(texts_.begin(), texts_.end(), text, std::less<>())) return true;
  if ((true_ && text == "true") || (false_ && text == "false")) return true;
  if (numbers_.empty()) return false;
  const auto number = FilterNumber::read(text);
  return number && std::ranges::binary_search(numbers_, *number, sorts_before);
}

}  // namespace troupe::memory
