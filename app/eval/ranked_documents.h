#pragma once

#include "memory/evaluation/ranking.h"
#include "memory/knowledge/search/hit.h"
#include "memory/knowledge/search/settings.h"

#include <cstddef>
#include <string>
#include <vector>

namespace troupe::app {

/// Passages asked for by each document that is to be ranked: several of one document count once.
inline constexpr std::size_t kPassagesPerDocument = 5;

/// What a hit's document is called where it is held against what people judged: the id of `judged` that is
/// its source; the end of its path ("docs/leave.md", "leave.md"); `id` of its metadata; or its title, the
/// first of these that there is. Else its source. Pure.
std::string document_name(const memory::Hit& hit, const memory::Relevance& judged);

/// The documents of the hits, each at the place of its best passage, the first `k`. Pure.
std::vector<std::string> ranked_documents(const std::vector<memory::Hit>& hits,
                                          const memory::Relevance& judged, std::size_t k);

/// How many passages to ask for so that `k` documents can be ranked: kPassagesPerDocument times as many, but
/// not more than a mode that chooses among `fetch_k` candidates has of them, which would make it another
/// search than the one that is asked about. Pure.
std::size_t passages_for(const memory::SearchSettings& settings, std::size_t k);

}  // namespace troupe::app
