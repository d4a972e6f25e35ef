#pragma once

#include "runtime/config/problem.h"

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::config {

/// The lines of a file's text, to turn byte positions into places a person finds in an editor. Refers to
/// the text; does not own it.
class TextMap {
 public:
  explicit TextMap(std::string_view text);

  /// From a line and a byte column that count from 0. Positions beyond the text are moved into it.
  Place place(int file, int line, int byte_column) const;
  /// Text of a line that counts from 1, without its line break.
  std::string_view line(int number) const;

  struct Unreadable {
    Place place;
    std::string text;
  };
  /// The first byte that no configuration may contain: not UTF-8 (RFC 3629), or a control character other
  /// than tab and line break (YAML 1.2, 5.1).
  std::optional<Unreadable> find_unreadable(int file) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;  // byte offset of each line
};

/// "`a`, `b` and `c`", at most 20 of them.
std::string enumerate(std::span<const std::string> names);

/// At most 60 bytes of `text` for a message, whole code points, control characters as \xNN.
std::string clip(std::string_view text);

}  // namespace troupe::config
