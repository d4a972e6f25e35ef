#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// How alike texts are by the words they share. Pure; the same in every language that words() takes apart.
namespace troupe::models::builtin {

/// The different stems of a text's words that say something about a subject, sorted. Of at most 4000 words.
std::vector<std::string> content_stems(std::string_view text);

/// Whether two stems are forms of one word: the same, or the same for five letters (two Korean syllables) and
/// to within one letter of the shorter's end. "invent" and "inventor", "태어" and "태어난".
bool same_word(std::string_view a, std::string_view b);

bool has_word(const std::vector<std::string>& stems, std::string_view stem);

/// How many of `wanted` are in `stems`.
std::size_t shared(const std::vector<std::string>& wanted, const std::vector<std::string>& stems);

}  // namespace troupe::models::builtin
