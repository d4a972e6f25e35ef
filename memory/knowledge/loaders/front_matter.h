#pragma once

#include "memory/knowledge/loaders/draft.h"

#include <string_view>

namespace troupe::memory::loaders {

/// Takes the block of settings off that stands at the head of many Markdown files between lines of --- (YAML)
/// or +++ (TOML), and puts it into the draft: "title" as its title, the others as metadata ("canonical" as
/// "url", "lang" as "language"). Understood are keys of the first level with texts, numbers, booleans, lists
/// and folded texts; what is nested deeper is left out. Returns what follows; the whole text when no such
/// block begins it.
std::string_view take_front_matter(std::string_view text, Draft& draft);

}  // namespace troupe::memory::loaders
