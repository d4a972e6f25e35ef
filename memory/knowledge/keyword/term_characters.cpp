#include "memory/knowledge/keyword/term_characters.h"

#include "models/builtin/utf8.h"

#include <algorithm>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

namespace troupe::memory {

namespace {

constexpr bool within(char32_t c, char32_t first, char32_t last) {
  return c >= first && c <= last;
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_kana(char32_t c) {
  return within(c, 0x3040, 0x30FF);
}

bool is_composed_hangul(char32_t c) {
  return within(c, 0xAC00, 0xD7A3);
}

bool is_rare(char32_t c) {
  // Marks in Unicode 6.1 that became letters later.
  if (within(c, 0x19B0, 0x19C9) || within(c, 0x1CF2, 0x1CF3)) return true;
  UVersionInfo age;
  u_charAge(static_cast<UChar32>(c), age);
  return age[0] > 6 || (age[0] == 6 && age[1] > 1);
}

void append_without_marks(std::u32string& out, char32_t c, const icu::Normalizer2& decomposition) {
  auto append = [&out](char32_t piece) {
    if (!(U_GET_GC_MASK(static_cast<UChar32>(piece)) & U_GC_M_MASK)) out += piece;
  };
  icu::UnicodeString parts;
  if (is_kana(c) || is_composed_hangul(c) || !decomposition.getDecomposition(static_cast<UChar32>(c), parts))
    return append(c);
  for (std::int32_t at = 0; at < parts.length(); at = parts.moveIndex32(at, 1))
    append(static_cast<char32_t>(parts.char32At(at)));
}

}  // namespace

TermCharacter term_character(char32_t c) {
  if (c < 0x80)
    return within(c, 'a', 'z') || within(c, '0', '9') || within(c, 'A', 'Z') ? TermCharacter::word
                                                                             : TermCharacter::none;
  if (is_composed_hangul(c) || within(c, 0x1100, 0x11FF)) return TermCharacter::hangul;
  const auto code = static_cast<UChar32>(c);
  if (!(U_GET_GC_MASK(code) & (U_GC_L_MASK | U_GC_N_MASK))) return TermCharacter::none;
  if (is_rare(c)) return TermCharacter::rare;
  if (is_kana(c)) return TermCharacter::ideograph;
  UErrorCode status = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(code, &status);
  return script == USCRIPT_HAN || script == USCRIPT_BOPOMOFO || script == USCRIPT_HIRAGANA ||
                 script == USCRIPT_KATAKANA
             ? TermCharacter::ideograph
             : TermCharacter::word;
}

std::u32string fold_for_terms(std::string_view text) {
  std::u32string folded;
  folded.reserve(text.size());
  if (is_ascii(text)) {
    for (char c : text) folded += static_cast<char32_t>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    return folded;
  }
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* casefold = icu::Normalizer2::getNFKCCasefoldInstance(status);
  const icu::Normalizer2* decomposition = icu::Normalizer2::getNFDInstance(status);
  std::string plain;
  icu::StringByteSink<std::string> sink(&plain, static_cast<std::int32_t>(text.size()));
  casefold->normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink,
                          nullptr, status);
  for (std::size_t at = 0; at < plain.size();) {
    const models::builtin::CodePoint point = models::builtin::code_point_at(plain, at);
    at += point.bytes;
    if (point.value < 0x80)
      folded += point.value;
    else
      append_without_marks(folded, point.value, *decomposition);
  }
  return folded;
}

}  // namespace troupe::memory
