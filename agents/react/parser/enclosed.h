#pragma once

#include <cstddef>
#include <string_view>

namespace troupe::agents {

/// Finds the end of `[argument]` or `(arguments)` behind a tool's name. The argument is all of its line up to
/// the last closing bracket, as the programs that made this format read it, so brackets inside it need no
/// balance; it goes on over lines while more brackets are open than closed.
class Enclosed {
 public:
  /// `open` is the position of the bracket.
  Enclosed(std::size_t open, char opener)
      : open_(open), opener_(opener), closer_(opener == '[' ? ']' : ')') {}

  /// The next byte, which is at `position`; true when the argument is complete, which a line break shows.
  bool byte(char c, std::size_t position);
  /// The text ends at `position`, or something that cannot be part of the argument begins there.
  void end(std::size_t position);

  std::size_t open() const { return open_; }
  std::string_view argument(std::string_view all) const { return all.substr(open_ + 1, close_ - open_ - 1); }
  /// The byte after the closing bracket, or where it is missing.
  std::size_t after() const { return unclosed_ ? close_ : close_ + 1; }
  bool unclosed() const { return unclosed_; }  ///< there was no closing bracket
  bool trailing() const { return trailing_; }  ///< text follows the bracket in its line

 private:
  bool settle();

  std::size_t open_;
  char opener_;
  char closer_;
  int depth_ = 1;
  std::size_t close_ = 0;       // the bracket that ends it
  std::size_t balanced_ = 0;    // where the brackets were first even
  std::size_t last_ = 0;        // the last closing one
  bool line_ends_ = false;      // only blanks came after it
  std::size_t first_line_ = 0;  // the last closing one of the first line, if that ended with it
  bool first_ = true;
  bool unclosed_ = false;
  bool trailing_ = false;
};

}  // namespace troupe::agents
