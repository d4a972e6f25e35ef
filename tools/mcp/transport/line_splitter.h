#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools::mcp {

/// Lines out of bytes, the same whatever the pieces they come in. Ends are LF or CRLF and not part of a line;
/// empty lines are passed over. Of a line longer than `bytes_max` only so much is kept, and `cut` says so.
class LineSplitter {
 public:
  struct Line {
    std::string text;
    bool cut = false;
  };
  explicit LineSplitter(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Appends the lines that these bytes complete.
  void feed(std::string_view bytes, std::vector<Line>& lines);
  /// The line that has not ended yet is too long already.
  bool overflows() const { return partial_.cut; }

 private:
  std::size_t bytes_max_;
  Line partial_;
};

}  // namespace troupe::tools::mcp
