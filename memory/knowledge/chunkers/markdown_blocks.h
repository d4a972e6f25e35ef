#pragma once

#include "memory/knowledge/chunkers/breaks.h"

namespace troupe::memory::chunkers {

/// Break::block, item or part of a text in Markdown. Headings belong to the block after them; a list begins
/// with the lines that lead to it and holds everything that is further in than it or an item; fenced code is
/// never broken.
std::unique_ptr<Breaks> markdown_breaks(Break kind, std::string_view text, Span part);

}  // namespace troupe::memory::chunkers
