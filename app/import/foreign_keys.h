#pragma once

#include "app/import/notes.h"
#include "app/import/project.h"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace troupe::app {

/// A key of another framework that has no counterpart, and what to do instead.
struct ListedKey {
  std::string_view key;
  std::string_view text;
};

/// Goes through the keys of a map: those that `carry` takes are carried over, those that are listed become
/// notes unless they are null, and so do those that nobody knows. `path`: what notes put before the key,
/// "researcher".
void go_through(const config::Node& map, const std::string& path, std::span<const ListedKey> listed,
                const Project& project, ImportNotes& notes,
                const std::function<bool(const config::Member&)>& carry);

}  // namespace troupe::app
