#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe::memory {

/// How a character takes part in index terms.
enum class TermCharacter : std::uint8_t {
  none,       ///< blanks, punctuation, symbols, emoji: ends a term
  word,       ///< letters and digits of scripts that write blanks between words
  ideograph,  ///< Chinese characters and kana
  hangul,
  rare,  ///< a letter that the tables of SQLite's unicode61 tokenizer (Unicode 6.1) do not have
};
TermCharacter term_character(char32_t c);

/// The text as terms are made of it: Unicode's NFKC_Casefold (compatibility forms and full width become
/// plain, case is gone, invisible characters are dropped), then without combining marks: "Ｃａｆé" → "cafe".
/// Kana and Hangul stay composed, because a mark there makes another letter. Bytes that are no UTF-8 become
/// U+FFFD. Any thread.
std::u32string fold_for_terms(std::string_view text);

}  // namespace troupe::memory
