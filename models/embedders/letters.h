#pragma once

#include <cstdint>

namespace troupe::models {

/// How a character takes part in words.
enum class LetterKind : std::uint8_t {
  none,      ///< blanks, punctuation: ends a word
  ignored,   ///< combining accents, joiners: as if it were not there
  alphabet,  ///< letters and digits
  hangul,
  ideograph,  ///< Chinese characters and kana
  picture,    ///< emoji and symbols: a word of its own
};

struct Letter {
  char32_t value;  ///< without case, accent and width
  LetterKind kind;
};

/// The letter for a code point.
Letter letter_of(char32_t c);

/// Korean written in parts: a leading consonant and a vowel, or a syllable and a final consonant, become one
/// syllable; 0 when they do not join.
char32_t join_hangul(char32_t first, char32_t second);

}  // namespace troupe::models
