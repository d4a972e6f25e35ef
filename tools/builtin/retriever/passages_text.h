#pragma once

#include "memory/knowledge/search/hit.h"
#include "tools/tool.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::tools {

/// Passages of a knowledge base as a model reads and cites them, numbered from `first`:
///
///     [4] Employee handbook — files/handbook.pdf, page 3 — Leave > Annual leave
///     Every employee has 25 days of leave …
///
/// A line of a passage that begins with such a number is marked by "> ", so that no document passes for
/// another. Pure.
std::string passages_text(std::span<const memory::Hit> hits, std::size_t first,
                          const std::vector<std::string>& remarks);

/// The same as what an answer can cite: an element each, in their order, with `index`.
std::vector<Source> sources_of(std::span<const memory::Hit> hits, std::size_t first);

}  // namespace troupe::tools
