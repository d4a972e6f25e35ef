#include "memory/knowledge/search/overrides.h"

#include "runtime/base/suggest.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

std::unexpected<Error> wrong(std::string_view key, std::string_view expected, const Json& value) {
  std::string shown = dump(value);
  if (shown.size() > 60) shown = shown.substr(0, 60) + "…";
  return fail(ErrorCode::invalid, fmt::format("/{}: is {}; write {}", key, shown, expected));
}

Result<> read_count(const Json& value, std::string_view key, std::optional<std::size_t>& count) {
  if (!value.is_number_integer() || value.get<double>() < 1 || value.get<double>() > 1e9)
    return wrong(key, "a whole number from 1", value);
  count = value.get<std::size_t>();
  return {};
}

Result<> read_number(const Json& value, std::string_view key, std::optional<double>& number) {
  if (!value.is_number() || !std::isfinite(value.get<double>())) return wrong(key, "a number", value);
  number = value.get<double>();
  return {};
}

Result<> read_document(const Json& value, std::string& document) {
  if (value.is_number_integer())
    document = value.dump();
  else if (value.is_string())
    document = value.get<std::string>();
  else
    return wrong("document", "the source or the id of a document", value);
  return {};
}

Result<> read_mode(const Json& value, std::optional<SearchMode>& mode) {
  if (value.is_string()) mode = search_mode(value.get<std::string>());
  if (mode) return {};
  return wrong("mode", fmt::format("one of {}", fmt::join(search_modes(), ", ")), value);
}

Result<> read_filter(const Json& value, Filter& filter) {
  auto read = Filter::parse(value);
  if (!read) return within("/filter", read.error());
  filter = std::move(*read);
  return {};
}

Result<> read_member(const std::string& key, const Json& value, SearchOverrides& all) {
  if (key == "mode") return read_mode(value, all.mode);
  if (key == "k") return read_count(value, key, all.k);
  if (key == "fetch_k") return read_count(value, key, all.fetch_k);
  if (key == "lambda") return read_number(value, key, all.lambda);
  if (key == "min_score") return read_number(value, key, all.min_score);
  if (key == "filter") return read_filter(value, all.filter);
  if (key == "document") return read_document(value, all.document);
  static const std::vector<std::string> kKeys{"mode",      "k",      "fetch_k", "lambda",
                                              "min_score", "filter", "document"};
  return fail(ErrorCode::invalid,
              fmt::format("/{}: a search has no such key{}", key, did_you_mean(key, kKeys)));
}

}  // namespace

SearchSettings with(SearchSettings base, const SearchOverrides& overrides) {
  const bool threshold = overrides.min_score && !overrides.mode;
  if (overrides.mode || threshold) {
    base.mode = overrides.mode.value_or(SearchMode::threshold);
    // What the base says for its own mode means nothing to another.
    if (base.mode != SearchMode::threshold) base.min_score.reset();
  }
  if (overrides.k) {
    base.k = *overrides.k;
    base.fetch_k = std::max(base.fetch_k, base.k);
    base.rerank.top_n = std::min(base.rerank.top_n, base.k);
  }
  if (overrides.fetch_k) base.fetch_k = *overrides.fetch_k;
  if (overrides.lambda) base.lambda = *overrides.lambda;
  if (overrides.min_score) base.min_score = overrides.min_score;
  if (!overrides.document.empty()) base.document = overrides.document;
  if (overrides.plain) {
    base.rerank = {};
    base.compress = {};
    base.expand = {};
  }
  base.filter = Filter::both(std::move(base.filter), overrides.filter);
  return base;
}

Result<SearchOverrides> overrides_from(const Json& value) {
  SearchOverrides all;
  if (value.is_null()) return all;
  if (!value.is_object())
    return fail(ErrorCode::invalid,
                "the search is no object; write such as {\"mode\": \"hybrid\", \"k\": 5}");
  for (const auto& [key, member] : value.items())
    if (auto read = read_member(key, member, all); !read) return fail(std::move(read.error()));
  return all;
}

}  // namespace troupe::memory
