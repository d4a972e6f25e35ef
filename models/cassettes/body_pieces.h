#pragma once

#include "runtime/base/json.h"
#include "runtime/base/secret.h"

#include <optional>
#include <string>
#include <vector>

namespace troupe::models {

/// Masks secrets in a body that came in pieces, also one that was parted between two of them: its mask stands
/// where it began.
void mask_pieces(std::vector<std::string>& pieces, const Secrets& secrets);

/// Pieces as JSON: each a text or, where it is no UTF-8 by itself, {"bytes": …} with a character of U+0000 to
/// U+00FF for each byte.
Json pieces_value(const std::vector<std::string>& pieces);
/// Nothing when `value` is something else.
std::optional<std::vector<std::string>> read_pieces(const Json& value);

}  // namespace troupe::models
