#pragma once

#include "models/tokens/encoding.h"

#include <iosfwd>

namespace troupe::models::tokens {

/// `troupe tokens`: counts the tokens of a text, or of the `text` of each JSON line; which of both it is
/// shows in the first line that is not blank. Prints the count, or with `ids` the tokens, a line each,
/// flushed. A later line that is no JSON object with `text` is told on `errors` with its number and printed
/// as "error"; blank lines are passed over. False when there was such a line.
bool count_lines(std::istream& in, std::ostream& out, std::ostream& errors, const Encoding& encoding,
                 bool ids);

}  // namespace troupe::models::tokens
