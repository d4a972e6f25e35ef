#pragma once

#include "memory/knowledge/document.h"

#include <string_view>
#include <vector>

namespace troupe::memory::chunkers {

/// The headings of a text in Markdown, with # in front or a line of = or - under them. None in fenced code or
/// in front matter (YAML between two lines of ---, at the text's beginning).
std::vector<Document::Heading> markdown_headings(std::string_view text);

}  // namespace troupe::memory::chunkers
