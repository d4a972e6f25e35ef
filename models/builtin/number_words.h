#pragma once

#include "models/builtin/math_tokens.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// Replaces numbers written as English words, alone or after digits, by number tokens: "twenty five" → 25,
/// "one hundred and five" → 105, "1.5 million" → 1500000, "three point one four" → 3.14, "two dozen" → 24.
/// Ordinals ("third", "tenth") become ordinal tokens.
std::vector<MathToken> read_english_numbers(std::vector<MathToken> tokens);

/// The value of Korean numerals: "삼백이십오" → 325, "스물다섯" → 25, "이만 삼천" is two runs. Nothing when
/// `run` is anything else.
std::optional<long long> korean_number(std::string_view run);

/// `digits` (a decimal) times 10^`zeros`, as text: ("1.5", 6) → "1500000".
std::string shift_decimal(std::string_view digits, int zeros);

}  // namespace troupe::models::builtin
