#pragma once

#include "memory/knowledge/search/overrides.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace troupe::app {

/// What the command line says about a search otherwise than the base does.
struct SearchOptions {
  std::optional<std::size_t> fetch_k;
  std::optional<double> lambda;
  std::optional<double> min_score;
  std::vector<std::string> filters;  ///< as Filter::parse_terms() takes them
};

void add_search_options(CLI::App& command, SearchOptions& options);

/// Errors: invalid (a filter).
Result<memory::SearchOverrides> overrides_of(const SearchOptions& options);

}  // namespace troupe::app
