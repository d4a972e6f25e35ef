#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// A piece of a sentence that may be arithmetic. Symbols of all kinds ("×", "²", "√", "½") are reduced to
/// few.
struct MathToken {
  enum class Kind {
    number,   ///< digits, without grouping commas
    ordinal,  ///< "10th": the digits
    plus,
    minus,
    times,
    over,
    power,
    percent,
    factorial,
    degree,
    open,
    close,
    comma,
    equals,
    word,     ///< Latin letters, in lower case
    korean,   ///< a run of Hangul
    unknown,  ///< a letter of another script
  };
  Kind kind;
  std::string text;
  bool glued = false;  ///< no blank before it
};

/// Splits `text`; stops with an `unknown` token after `tokens_max`, because no sum is that long.
std::vector<MathToken> math_tokens(std::string_view text, std::size_t tokens_max = 400);

}  // namespace troupe::models::builtin
