#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/limits.h"

#include <string_view>

namespace troupe::memory::loaders {

/// Source code as it is. Headings are the definitions of functions and types (outline.h), outside of block
/// comments and Python's long strings. `language`: one of language_of_path; empty: none is known. `text` is
/// UTF-8 with '\n' as line end.
Document load_code(std::string_view text, std::string_view language, const LoadLimits& limits);

}  // namespace troupe::memory::loaders
