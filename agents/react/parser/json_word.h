#pragma once

#include "runtime/base/json.h"

#include <string>
#include <string_view>
#include <vector>

namespace troupe::agents {

/// The value of an unquoted word: a JSON literal or number as they are; Python's and JavaScript's literals,
/// numbers such as 1_000, +1 or .5, and any other text (as a string), each noted as a repair. NaN and
/// infinities are null.
Json json_word(std::string_view word, std::vector<std::string>& repairs);

/// True when the word is a literal or number, so that what follows a blank is not part of it.
bool is_json_word(std::string_view word);

}  // namespace troupe::agents
