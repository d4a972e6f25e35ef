#pragma once

#include "runtime/base/ascii.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::models::builtin {

/// One code point of a UTF-8 text and how many bytes it takes. A byte that is no UTF-8 is U+FFFD, one byte.
struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 0;
};
CodePoint code_point_at(std::string_view text, std::size_t at);
void append_utf8(std::string& out, char32_t value);

/// A complete Korean syllable.
bool is_hangul(char32_t c);
bool has_hangul(std::string_view text);
/// Whether the syllable `c` ends in a consonant, which decides which form of a particle may follow it.
bool has_final_consonant(char32_t c);
/// The last code point of `text`; 0 when it is empty.
char32_t last_code_point(std::string_view text);
std::size_t length(std::string_view text);

/// A letter of any script or a digit: what words are made of. Everything above Latin-1 that is not
/// punctuation, a symbol or a picture counts as a letter.
bool is_word_character(char32_t c);

std::string_view trim(std::string_view text);
/// At most `bytes_max` bytes, cut between characters.
std::string_view clip(std::string_view text, std::size_t bytes_max);
bool is_digit(char c);
bool is_letter(char c);  ///< ASCII

}  // namespace troupe::models::builtin
