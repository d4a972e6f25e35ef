#include "tools/builtin/files/line_picker.h"

#include "tools/observation.h"

#include <algorithm>

namespace troupe::tools::files {

LinePicker::LinePicker(const Part& wanted, std::size_t bytes)
    : from_(std::max<std::size_t>(wanted.from_line, 1)),
      to_(wanted.lines == 0 ? SIZE_MAX : from_ + wanted.lines),
      skip_(std::max<std::size_t>(wanted.from_byte, 1) - 1),
      bytes_(bytes) {}

bool LinePicker::take(std::string_view piece) {
  while (!piece.empty()) {
    if (line_ >= to_) return cut();
    std::string_view part = piece.substr(0, piece.find('\n'));
    const bool ends = part.size() < piece.size();
    piece.remove_prefix(part.size() + (ends ? 1 : 0));
    begun_ = true;
    if (line_ == from_) {
      const std::size_t skip = std::min(part.size(), skip_ - skipped_);
      part.remove_prefix(skip);
      skipped_ += skip;
      if (ends && part.empty() && beyond()) return false;
    }
    if (line_ >= from_) {
      text_ += part;
      if (text_.size() > bytes_) return cut();
      // Beyond the limit by one: better than to send for a line break.
      if (ends) text_ += '\n';
    }
    if (!ends) continue;
    ++line_;
    begun_ = false;
  }
  return true;
}

// What is shown ends with a line, unless it is one that alone is too long.
bool LinePicker::cut() {
  more_ = true;
  if (const auto end = text_.rfind('\n'); end != std::string::npos) {
    text_.resize(end + 1);
    return false;
  }
  const std::size_t whole = beginning(text_, bytes_).size();
  text_.resize(whole > 0 ? whole : std::min(text_.size(), bytes_));
  return false;
}

}  // namespace troupe::tools::files
