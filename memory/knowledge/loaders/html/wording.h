#pragma once

#include "memory/knowledge/loaders/html/tokens.h"

namespace troupe::memory::loaders::html {

/// The tag says that what it holds is not shown: hidden, aria-hidden, display: none.
bool says_hidden(const Token& tag);

/// The tag's role, class or id is made of words that authors use for what frames a page: "nav",
/// "cookie-banner", "siteFooter". The idea and many of the words are common to published extractors (Arc90's
/// Readability, 2009); a word like "content" beside them speaks for the text.
bool says_boilerplate(const Token& tag);

/// role="main".
bool says_main(const Token& tag);

}  // namespace troupe::memory::loaders::html
