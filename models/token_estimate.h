#pragma once

#include <cstdint>
#include <string_view>

namespace troupe::models {

/// About how many tokens a text is, where nobody counted: four Latin letters, or one character of another
/// script, to a token. An estimate, 20 to 30 % off either way on prose; always marked as one.
std::int64_t estimate_tokens(std::string_view text);

}  // namespace troupe::models
