#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// How alike texts are by the words they share. Pure; the same in every language that words() takes apart.
namespace troupe::models::builtin {

inline constexpr std::size_t kWordsHeard = 20'000;  ///< of a text that is looked into
inline constexpr std::size_t kWordsWanted = 300;    ///< of what is looked for

/// The different stems of a text's first words, of those that say something about a subject. Sorted.
std::vector<std::string> content_stems(std::string_view text, std::size_t words_max = kWordsHeard);

/// Whether two stems are forms of one word: the same, or the same for five letters (two Korean syllables) and
/// to within one letter of the shorter's end. "invent" and "inventor", "태어" and "태어난".
bool same_word(std::string_view a, std::string_view b);

bool has_word(const std::vector<std::string>& stems, std::string_view stem);

/// How many of `wanted` are in `stems`. Takes their product.
std::size_t shared(const std::vector<std::string>& wanted, const std::vector<std::string>& stems);

}  // namespace troupe::models::builtin
