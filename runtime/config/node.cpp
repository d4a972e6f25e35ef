#include "runtime/config/node.h"

#include <algorithm>
#include <charconv>

namespace troupe::config {

const Node& node_at(const Node& from, std::string_view path) {
  const Node* at = &from;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find_first_of(".[", 1), path.size());
    std::string_view part = path.substr(0, end);
    path.remove_prefix(end);
    if (part.starts_with('.')) part.remove_prefix(1);
    if (part.starts_with('[')) {
      std::size_t index = 0;
      std::from_chars(part.data() + 1, part.data() + part.size(), index);
      if (index >= at->items.size()) break;
      at = &at->items[index];
    } else {
      const Member* member = at->find(part);
      if (!member) break;
      at = &member->value;
    }
  }
  return *at;
}

}  // namespace troupe::config
