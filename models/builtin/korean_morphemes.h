#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// A run of Hangul taken apart into what arithmetic is said with. Each piece is a word of the parser's own:
/// particles "of" "obj" "from" "to" "by" "and" "rangefrom" "rangeto"; infix and verbs "plus" "minus" "times"
/// "over"; "added" "taken" "multiplied" "divided" (verbs after their operands); nouns "sum" "product"
/// "difference" "average" "remainder" "quotient" "gcd" "lcm"; "square" "cube" "sqrt" "cbrt" "power"
/// "factorial" "fold" "half" "percent" "parts" "it" "pi"; a number's digits; fillers are left out. Nothing
/// when a part of it is none of these. `after_number`: the run is glued to digits.
std::optional<std::vector<std::string>> korean_morphemes(std::string_view run, bool after_number);

}  // namespace troupe::models::builtin
