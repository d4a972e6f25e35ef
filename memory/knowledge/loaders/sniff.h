#pragma once

#include "memory/knowledge/loaders/format.h"

#include <string_view>

namespace troupe::memory::loaders {

/// What a text that nothing is known of looks like, by its beginning: a page, JSON, JSON Lines, a script, a
/// table, Markdown; `text` when nothing speaks for another. Reads 64 KB at most.
Format sniff(std::string_view bytes);

}  // namespace troupe::memory::loaders
