#include "tools/mcp/transport/line_splitter.h"

#include <algorithm>
#include <utility>

namespace troupe::tools::mcp {

void LineSplitter::feed(std::string_view bytes, std::vector<Line>& lines) {
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    // One more than is kept, for the CR that may end it.
    const std::size_t room = bytes_max_ + 1 - std::min(partial_.text.size(), bytes_max_ + 1);
    partial_.cut = partial_.cut || piece.size() > room;
    partial_.text += piece.substr(0, room);
    if (end == std::string_view::npos) return;
    bytes.remove_prefix(end + 1);
    Line line = std::exchange(partial_, {});
    if (!line.cut && line.text.ends_with('\r')) line.text.pop_back();
    if (line.text.size() > bytes_max_) {
      line.text.resize(bytes_max_);
      line.cut = true;
    }
    if (!line.text.empty()) lines.push_back(std::move(line));
  }
}

}  // namespace troupe::tools::mcp
