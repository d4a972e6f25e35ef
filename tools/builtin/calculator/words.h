#pragma once

#include "runtime/base/ascii.h"
#include "tools/builtin/calculator/lexer.h"
#include "tools/builtin/calculator/value.h"

#include <optional>
#include <string>
#include <string_view>

/// Names that are neither functions nor units: constants, operators in words, and the forms of a result.
namespace troupe::tools::calculator {

/// plus, minus, times, x, over, mod, of, div, and the Korean words: the operator it stands for.
std::optional<Symbol> word_operator(const Token& token);
/// squared, cubed, 제곱, 세제곱: the exponent; nothing for another word.
std::optional<int> word_power(const Token& token);
bool is_percent_word(const Token& token);
/// in, to, as
bool is_converter(const Token& token);
/// pi, e, tau, phi
std::optional<Number> constant(std::string_view name);
/// hex, binary, fraction…
std::optional<Value::Form> form_named(std::string_view name);

}  // namespace troupe::tools::calculator
