#pragma once

#include "memory/knowledge/search/settings.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

#include <cstddef>
#include <optional>
#include <string>

namespace troupe::memory {

/// What one search asks for otherwise than `knowledge.NAME.search` says: a step of a chain, a tool, a
/// request, the command line.
struct SearchOverrides {
  std::optional<SearchMode> mode;
  std::optional<std::size_t> k;
  std::optional<std::size_t> fetch_k;
  std::optional<double> lambda;
  std::optional<double> min_score;
  Filter filter;         ///< holds beside the base's own
  std::string document;  ///< "": as the base says
  bool plain = false;    ///< passages as they are: no model and no expansion, whatever the base says
};

/// The settings of the base with what is asked for put over them. A `min_score` without a mode means mode
/// threshold; `fetch_k` follows a larger `k`. Pure.
SearchSettings with(SearchSettings base, const SearchOverrides& overrides);

/// Of a JSON object with these keys; `filter` as Filter::parse() takes it. Errors: invalid, each with the
/// JSON Pointer of what is wrong: another type, a value out of range, a key that does not exist (did you
/// mean …).
Result<SearchOverrides> overrides_from(const Json& value);

}  // namespace troupe::memory
