#include "models/builtin/shared_words.h"

#include "models/builtin/utf8.h"
#include "models/builtin/words.h"

#include <algorithm>

namespace troupe::models::builtin {

std::vector<std::string> content_stems(std::string_view text, std::size_t words_max) {
  std::vector<std::string> stems;
  for (const Word& word : words(text, words_max))
    if (!is_stop_word(word.low)) stems.push_back(stem(word));
  std::ranges::sort(stems);
  stems.erase(std::unique(stems.begin(), stems.end()), stems.end());
  return stems;
}

bool same_word(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::size_t shorter = std::min(a.size(), b.size());
  const bool korean = has_hangul(a) || has_hangul(b);
  if (shorter < (korean ? 6u : 5u)) return false;
  std::size_t common = 0;
  while (common < shorter && a[common] == b[common]) ++common;
  return korean ? common >= 6 && common + 6 >= shorter : common >= 5 && common + 1 >= shorter;
}

bool has_word(const std::vector<std::string>& stems, std::string_view stem) {
  return std::ranges::any_of(stems, [&](const std::string& one) { return same_word(one, stem); });
}

std::size_t shared(const std::vector<std::string>& wanted, const std::vector<std::string>& stems) {
  return static_cast<std::size_t>(
      std::ranges::count_if(wanted, [&](const std::string& one) { return has_word(stems, one); }));
}

}  // namespace troupe::models::builtin
