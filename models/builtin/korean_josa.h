#pragma once

#include "models/builtin/utf8.h"

#include <string_view>

namespace troupe::models::builtin {

/// The form of a particle that agrees with the end of `word`: josa("수도", "을", "를") → "를".
inline std::string_view josa(std::string_view word, std::string_view after_consonant,
                             std::string_view after_vowel) {
  char32_t last = last_code_point(word);
  if (is_hangul(last)) return has_final_consonant(last) ? after_consonant : after_vowel;
  // Digits by how they are read: 0, 1, 3, 6, 7, 8 end in a consonant.
  bool consonant = last == '0' || last == '1' || last == '3' || last == '6' || last == '7' || last == '8' ||
                   last == 'l' || last == 'm' || last == 'n';
  return consonant ? after_consonant : after_vowel;
}

}  // namespace troupe::models::builtin
