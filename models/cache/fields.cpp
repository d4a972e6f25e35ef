#include "models/cache/fields.h"

#include <charconv>

namespace troupe::models {

namespace {
constexpr char kEnd = ':';
}

void FieldWriter::number(std::int64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  bytes_.append(digits, end);
  bytes_ += kEnd;
}

void FieldWriter::text(std::string_view value) {
  number(static_cast<std::int64_t>(value.size()));
  bytes_ += value;
}

std::int64_t FieldReader::number() {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
  const auto used = static_cast<std::size_t>(end - rest_.data());
  good_ = good_ && problem == std::errc() && used < rest_.size() && rest_[used] == kEnd;
  if (!good_) return 0;
  rest_.remove_prefix(used + 1);
  return value;
}

std::string FieldReader::text() {
  const std::int64_t size = number();
  good_ = good_ && size >= 0 && static_cast<std::uint64_t>(size) <= rest_.size();
  if (!good_) return "";
  std::string value(rest_.substr(0, static_cast<std::size_t>(size)));
  rest_.remove_prefix(value.size());
  return value;
}

}  // namespace troupe::models
