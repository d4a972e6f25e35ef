#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::models {

/// Values one after another, each with its length in front: two lists of values are the same bytes only when
/// they are the same values. Texts are kept as they are, whatever is in them.
class FieldWriter {
 public:
  void text(std::string_view value);
  void number(std::int64_t value);
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Reads them back in the same order. Once something is missing, everything further is empty or 0.
class FieldReader {
 public:
  explicit FieldReader(std::string_view bytes) : rest_(bytes) {}
  std::string text();
  std::int64_t number();
  /// Everything was there, and nothing is left.
  bool done() const { return good_ && rest_.empty(); }
  bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace troupe::models
