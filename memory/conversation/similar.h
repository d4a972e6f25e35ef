#pragma once

#include "memory/conversation/turn.h"

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace troupe::memory {

/// What of a turn is turned into a vector: the beginning of what the user said and of the answer. "" for one
/// that says nothing.
std::string text_to_embed(const Turn& turn);
std::string text_to_embed(std::string_view message);

/// The places of the `k` vectors with the smallest angle to `query`, the nearest first; of those alike the
/// later. A vector that is empty, of other dimensions, or without length is like nothing. Pure.
std::vector<std::size_t> most_similar(std::span<const float> query,
                                      std::span<const std::vector<float>> vectors, std::size_t k);

}  // namespace troupe::memory
