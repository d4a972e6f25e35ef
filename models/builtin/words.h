#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::models::builtin {

/// A word of a text: letters and digits of any script, with inner apostrophes, hyphens and full stops
/// ("U.S.").
struct Word {
  std::string_view text;
  std::string low;  ///< ASCII in lower case
  std::size_t at = 0;
  bool capital = false;  ///< begins with a capital letter or is all digits
  bool korean = false;   ///< has a Hangul syllable
  bool quoted = false;   ///< between quotation marks
  std::size_t end() const { return at + text.size(); }
};

/// Linear. Stops after `words_max`.
std::vector<Word> words(std::string_view text, std::size_t words_max = 4000);

bool contains_any(std::string_view text, std::initializer_list<std::string_view> parts);

/// English words that say nothing about a subject: articles, pronouns, prepositions, auxiliaries, question
/// words.
bool is_stop_word(std::string_view low);

/// What is compared when two words are: "rivers" and "River's" → "river", "invented" → "invent",
/// "발명했어" → "발명". Light and wrong at times, but the same on both sides.
std::string stem(const Word& word);

/// A Korean word without the particle behind it ("에펠탑은" → "에펠탑"), by the agreement of particle and
/// final consonant; as it is when there is none.
std::string_view strip_particle(std::string_view word);

/// `text` with lines joined that were only broken for their length: one of 60 bytes or more that ends in the
/// middle of a sentence, or one before a line that begins with a small letter. Lists and headings stay.
std::string unwrapped(std::string_view text);

/// The text of the sentences, split at . ! ? … and line ends, not at abbreviations, initials and decimals.
std::vector<std::string_view> sentences(std::string_view text, std::size_t sentences_max = 2000);

}  // namespace troupe::models::builtin
