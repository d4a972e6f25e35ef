#pragma once

#include "models/tokens/encoding.h"

#include <span>

namespace troupe::models::tokens {

/// The packed ranks of an encoding, as they lie in models/tokens/ranks and in the program.
std::span<const unsigned char> rank_data(EncodingName name);

}  // namespace troupe::models::tokens
