#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/limits.h"

#include <string_view>

namespace troupe::memory::loaders {

/// Markdown as it is written, without front matter (front_matter.h) and HTML comments. Headings are those of
/// CommonMark 0.31, with # and underlined, outside of fenced code; their text is without marks. The title is
/// that of the front matter, else the first heading of level 1. `text` is UTF-8 with '\n' as line end.
Document load_markdown(std::string_view text, const LoadLimits& limits);

/// Has front matter, or headings beside other signs of Markdown; comments of programs are none.
bool looks_like_markdown(std::string_view text);

}  // namespace troupe::memory::loaders
