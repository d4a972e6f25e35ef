#pragma once

#include <string>
#include <string_view>
#include <vector>

/// Texts as the published scripts see them, which count characters where we hold bytes. Pure; any thread.
namespace troupe::memory {

/// The code points of a UTF-8 text; bytes that are no UTF-8 are U+FFFD each.
std::u32string characters_of(std::string_view text);
std::string utf8_of(std::u32string_view characters);

/// Unicode's lower case of the whole text, not only letter by letter: "ΟΔΟΣ" → "οδος".
std::u32string lower_case(std::u32string_view text);

/// Whether Python's str.split() splits there: blanks of all scripts, line ends and U+001C … U+001F.
bool is_blank(char32_t c);
/// Unicode's categories.
bool is_letter(char32_t c);       ///< L
bool is_mark(char32_t c);         ///< M
bool is_number(char32_t c);       ///< N
bool is_punctuation(char32_t c);  ///< P
bool is_symbol(char32_t c);       ///< S
/// Punctuation and symbols of ASCII, as Python's string.punctuation.
bool is_ascii_punctuation(char32_t c);
/// Chinese characters and kana, which are written without blanks.
bool is_ideograph(char32_t c);
bool is_hangul(char32_t c);

/// What stands between blanks.
std::vector<std::u32string> split_at_blanks(std::u32string_view text);

}  // namespace troupe::memory
