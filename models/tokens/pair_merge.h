#pragma once

#include "models/tokens/rank_table.h"

#include <string_view>
#include <vector>

namespace troupe::models::tokens {

/// Byte pair encoding of one piece of text: neighbours are merged, those that make the lowest rank first, the
/// leftmost of equals, until no pair is a token (Sennrich et al. 2016, on bytes). Appends the tokens. Takes
/// O(n log n) for n bytes, whatever they are. Every single byte must be in `table`.
void merge_pairs(const RankTable& table, std::string_view piece, std::vector<Token>& tokens);

}  // namespace troupe::models::tokens
