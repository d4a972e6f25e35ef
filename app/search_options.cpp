#include "app/search_options.h"

#include <utility>

#include <CLI/CLI.hpp>

namespace troupe::app {

void add_search_options(CLI::App& command, SearchOptions& options) {
  command.add_option("--fetch-k", options.fetch_k, "Candidates that mmr and hybrid choose from");
  command.add_option("--lambda", options.lambda, "mmr: 1 is relevance only, 0 difference only");
  command.add_option("--min-score", options.min_score, "threshold: the least cosine similarity");
  command.add_option("--filter", options.filters, "key=value, also with != >= <= > <; several must all hold");
}

Result<memory::SearchOverrides> overrides_of(const SearchOptions& options) {
  memory::SearchOverrides overrides;
  overrides.fetch_k = options.fetch_k;
  overrides.lambda = options.lambda;
  overrides.min_score = options.min_score;
  auto filter = memory::Filter::parse_terms(options.filters);
  if (!filter) return fail(std::move(filter.error()));
  overrides.filter = std::move(*filter);
  return overrides;
}

}  // namespace troupe::app
