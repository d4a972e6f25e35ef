#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/limits.h"

#include <string>
#include <string_view>

namespace troupe::memory::loaders {

/// The text of a page without what frames it: paragraphs and headings apart by blank lines, items and rows by
/// line, rows as cells with " | " between them, pictures by their alternative text in brackets, links that
/// leave the site as "text (https://…)" unless `links` is false. What a page says of itself becomes metadata.
/// Which text is the page's own is decided as html/article.h says. `page` is well-formed UTF-8.
Document load_html(std::string_view page, const LoadLimits& limits, bool links = true);

/// The charset that a page declares in its first kilobyte (HTML Standard, 13.2.3.2), empty: none.
std::string charset_of_page(std::string_view bytes);

}  // namespace troupe::memory::loaders
