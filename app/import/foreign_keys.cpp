#include "app/import/foreign_keys.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::app {

void go_through(const config::Node& map, const std::string& path, std::span<const ListedKey> listed,
                const Project& project, ImportNotes& notes,
                const std::function<bool(const config::Member&)>& carry) {
  for (const config::Member& member : map.members) {
    if (carry(member)) continue;
    const std::string key = path.empty() ? member.key : fmt::format("{}.{}", path, member.key);
    const auto known = std::ranges::find(listed, member.key, &ListedKey::key);
    if (known != listed.end() && member.value.kind == config::Node::Kind::null) continue;
    notes.add(project.point(member.place), key,
              known == listed.end() ? "unknown key: nothing was done about it" : std::string(known->text));
  }
}

}  // namespace troupe::app
