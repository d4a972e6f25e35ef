#pragma once

#include "memory/knowledge/document.h"
#include "memory/knowledge/loaders/limits.h"

#include <string_view>

namespace troupe::memory::loaders {

/// A table (CSV, TSV; the delimiter is found out). Every row becomes a record of lines "column: value", apart
/// by a blank line; empty cells are left out. The first row names the columns unless it holds numbers other
/// than years: then they are "column 1" and so on, and a remark says so, as it does of rows with another
/// number of cells. `text` is UTF-8.
Document load_csv(std::string_view text, const LoadLimits& limits);

}  // namespace troupe::memory::loaders
