#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::tools::files {

struct Part {
  std::size_t from_line = 1;  ///< 1: the first
  std::size_t from_byte = 1;  ///< in that line; 1: the first
  std::size_t lines = 0;      ///< at most; 0: all that fit
};

/// Takes the part that is wanted out of a file that comes in pieces: whole lines, at most `bytes` of them, or
/// as much of one that alone is too long. A line break ends a line and begins none.
class LinePicker {
 public:
  LinePicker(const Part& wanted, std::size_t bytes);

  /// False when no more is wanted.
  bool take(std::string_view piece);
  const std::string& text() const { return text_; }

  /// Whether there is more than was wanted or fits: from line(), and where the text does not end with a line
  /// break from byte() of it.
  bool more() const { return more_; }
  std::size_t line() const { return line_; }
  std::size_t byte() const { return skipped_ + text_.size() + 1; }

  /// For an empty text: whether line() is there, but has no more than skipped() bytes.
  bool beyond() const { return line_ == from_ && begun_ && text_.empty() && skip_ > 0; }
  std::size_t skipped() const { return skipped_; }
  /// How many lines came.
  std::size_t lines() const { return line_ - (begun_ ? 0 : 1); }

 private:
  bool cut();

  const std::size_t from_, to_, skip_, bytes_;
  std::size_t line_ = 1, skipped_ = 0;
  std::string text_;
  bool begun_ = false, more_ = false;  // begun_: something of line_ came
};

}  // namespace troupe::tools::files
