#pragma once

#include "models/builtin/math_tokens.h"

#include <vector>

namespace troupe::models::builtin {

/// Makes the tokens of an English sentence ready to be read as arithmetic: phrases become operators ("to the
/// power of" → ^) or one word ("square root" → sqrt), number words become numbers, words that change nothing
/// ("please", "what", "the") go, and so does what follows an equals sign.
std::vector<MathToken> english_math_tokens(std::vector<MathToken> tokens);

}  // namespace troupe::models::builtin
