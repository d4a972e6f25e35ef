#include "models/embedders/letters.h"

#include <string_view>

namespace troupe::models {

namespace {

// U+00C0 … U+017F without accents; '*' for what is no letter.
constexpr std::string_view kLatin =
    "aaaaaaaceeeeiiiidnooooo*ouuuuytsaaaaaaaceeeeiiiidnooooo*ouuuuyty"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kLatin.size() == 0x180 - 0xC0);

constexpr bool within(char32_t c, char32_t first, char32_t last) {
  return c >= first && c <= last;
}

Letter ascii(char32_t c) {
  if (within(c, 'A', 'Z')) return {c + ('a' - 'A'), LetterKind::alphabet};
  if (within(c, 'a', 'z') || within(c, '0', '9')) return {c, LetterKind::alphabet};
  return {c, LetterKind::none};
}

Letter latin(char32_t c) {
  if (c == 0xAA) return {'a', LetterKind::alphabet};
  if (c == 0xBA) return {'o', LetterKind::alphabet};
  if (c == 0xB5) return {0x3BC, LetterKind::alphabet};
  if (c == 0xAD) return {c, LetterKind::ignored};  // soft hyphen
  if (c < 0xC0) return {c, c == 0xA9 || c == 0xAE ? LetterKind::picture : LetterKind::none};
  const char base = kLatin[c - 0xC0];
  return base == '*' ? Letter{c, LetterKind::none}
                     : Letter{static_cast<char32_t>(base), LetterKind::alphabet};
}

// Greek and Cyrillic capitals that have their small letters at a fixed distance.
char32_t small(char32_t c) {
  if (within(c, 0x391, 0x3A9) && c != 0x3A2) return c + 32;
  if (c == 0x3C2) return 0x3C3;  // final sigma
  if (within(c, 0x410, 0x42F)) return c + 32;
  if (within(c, 0x400, 0x40F)) return c + 80;
  return c;
}

bool is_ideograph(char32_t c) {
  return within(c, 0x3041, 0x30FF) || within(c, 0x3400, 0x4DBF) || within(c, 0x4E00, 0x9FFF) ||
         within(c, 0xF900, 0xFAFF) || within(c, 0x20000, 0x3FFFF) || c == 0x3005 || c == 0x3007;
}

bool is_hangul(char32_t c) {
  return within(c, 0xAC00, 0xD7A3) || within(c, 0x1100, 0x11FF) || within(c, 0x3131, 0x318E);
}

bool is_ignored(char32_t c) {
  return within(c, 0x300, 0x36F) || within(c, 0xFE00, 0xFE0F) || within(c, 0x200B, 0x200D) || c == 0x2060 ||
         c == 0xFEFF;
}

bool is_picture(char32_t c) {
  return within(c, 0x2100, 0x2BFF) || within(c, 0x1F000, 0x1FAFF) || within(c, 0x20A0, 0x20CF);
}

bool is_mark(char32_t c) {
  return within(c, 0x2000, 0x2BFF) || within(c, 0x2E00, 0x2E7F) || within(c, 0x3000, 0x303F) ||
         within(c, 0xFE10, 0xFE6F) || within(c, 0xE000, 0xF8FF) || within(c, 0xFF5F, 0xFF65) ||
         within(c, 0xFFE0, 0xFFFF) || c > 0x3FFFF;
}

}  // namespace

Letter letter_of(char32_t c) {
  if (c < 0x80) return ascii(c);
  if (within(c, 0xFF01, 0xFF5E)) return ascii(c - 0xFF01 + '!');  // full width
  if (c < 0x180) return latin(c);
  if (is_hangul(c)) return {c, LetterKind::hangul};
  if (is_ideograph(c)) return {c, LetterKind::ideograph};
  if (is_ignored(c)) return {c, LetterKind::ignored};
  if (is_picture(c)) return {c, LetterKind::picture};
  if (is_mark(c)) return {c, LetterKind::none};
  return {small(c), LetterKind::alphabet};
}

char32_t join_hangul(char32_t first, char32_t second) {
  constexpr char32_t kSyllables = 0xAC00, kFinals = 28, kVowels = 21;
  if (within(first, 0x1100, 0x1112) && within(second, 0x1161, 0x1175))
    return kSyllables + ((first - 0x1100) * kVowels + (second - 0x1161)) * kFinals;
  const bool open = within(first, kSyllables, 0xD7A3) && (first - kSyllables) % kFinals == 0;
  if (open && within(second, 0x11A8, 0x11C2)) return first + (second - 0x11A7);
  return 0;
}

}  // namespace troupe::models
