#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::models::builtin {

/// A sentence that asks for a calculation, as an expression for a calculator tool.
struct Arithmetic {
  std::string expression;       ///< close to what was asked: "17.5% of 2480 + 12^3"
  std::string plain;            ///< the same with + - * / ^ and calls only
  bool needs_previous = false;  ///< it refers to a number answered before, and there is none
};

/// Reads English ("What is twelve times three?", "15% tip on 42.50") and simple Korean ("2의 200제곱", "100을
/// 7로 나누면"). Nothing when any word of it is not understood as arithmetic: half-understood sums are worse
/// than none. `previous` is the number that "it" and a leading operator ("and times 2?") refer to. Linear in
/// `text`.
std::optional<Arithmetic> read_arithmetic(std::string_view text, std::optional<std::string_view> previous);

}  // namespace troupe::models::builtin
