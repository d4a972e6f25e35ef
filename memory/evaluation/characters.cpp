#include "memory/evaluation/characters.h"

#include "models/builtin/utf8.h"

#include <cstdint>
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

namespace troupe::memory {

namespace {
bool in_category(char32_t c, std::uint32_t mask) {
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & mask) != 0;
}
}  // namespace

std::u32string characters_of(std::string_view text) {
  std::u32string characters;
  characters.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const models::builtin::CodePoint point = models::builtin::code_point_at(text, at);
    const bool scalar = point.value < 0xD800 || (point.value > 0xDFFF && point.value <= 0x10FFFF);
    characters += scalar ? point.value : char32_t{0xFFFD};
    at += point.bytes;
  }
  return characters;
}

std::string utf8_of(std::u32string_view characters) {
  std::string text;
  text.reserve(characters.size());
  for (char32_t c : characters) models::builtin::append_utf8(text, c);
  return text;
}

std::u32string lower_case(std::u32string_view text) {
  icu::UnicodeString lower;
  for (char32_t c : text) lower.append(static_cast<UChar32>(c));
  lower.toLower(icu::Locale::getRoot());
  std::u32string characters;
  characters.reserve(text.size());
  for (std::int32_t at = 0; at < lower.length(); at = lower.moveIndex32(at, 1))
    characters += static_cast<char32_t>(lower.char32At(at));
  return characters;
}

bool is_blank(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || in_category(c, U_GC_Z_MASK);
}
bool is_letter(char32_t c) {
  return in_category(c, U_GC_L_MASK);
}
bool is_mark(char32_t c) {
  return in_category(c, U_GC_M_MASK);
}
bool is_number(char32_t c) {
  return in_category(c, U_GC_N_MASK);
}
bool is_punctuation(char32_t c) {
  return in_category(c, U_GC_P_MASK);
}
bool is_symbol(char32_t c) {
  return in_category(c, U_GC_S_MASK);
}
bool is_ascii_punctuation(char32_t c) {
  return c < 0x80 && in_category(c, U_GC_P_MASK | U_GC_S_MASK);
}

bool is_ideograph(char32_t c) {
  if (c < 0x1100) return false;
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(static_cast<UChar32>(c), &status);
  return script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA || c == 0x30FC;
}

bool is_hangul(char32_t c) {
  UErrorCode status = U_ZERO_ERROR;
  return c >= 0x1100 && uscript_getScript(static_cast<UChar32>(c), &status) == USCRIPT_HANGUL;
}

std::vector<std::u32string> split_at_blanks(std::u32string_view text) {
  std::vector<std::u32string> pieces;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && !is_blank(text[end])) ++end;
    if (end > at) pieces.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return pieces;
}

}  // namespace troupe::memory
