#pragma once

#include <string>
#include <string_view>

namespace troupe::tools {

/// The text of a piece of HTML: tags dropped (block tags become line breaks, headings `== title ==` lines as
/// wikis write them), the content of script and style dropped, entities decoded, blanks folded. One pass, no
/// tree: nesting costs nothing. Not a sanitizer. Any thread.
std::string html_to_text(std::string_view html);

/// Only the entities: "&quot;", "&#039;", "&#x2013;", "&nbsp;". What is no known entity stays as it is.
std::string decode_entities(std::string_view text);

/// Runs of blanks become one; blanks at line ends and more than one empty line in a row go.
std::string fold_blanks(std::string_view text);

}  // namespace troupe::tools
