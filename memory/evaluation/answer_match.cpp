#include "memory/evaluation/answer_match.h"

#include "memory/evaluation/characters.h"

#include <algorithm>
#include <map>
#include <vector>

namespace troupe::memory {

namespace {

using Pieces = std::vector<std::u32string>;

bool is_article(std::u32string_view word) {
  return word == U"a" || word == U"an" || word == U"the";
}

// What Python's \b tells from the rest.
bool is_word_character(char32_t c) {
  return is_letter(c) || is_number(c) || c == '_';
}

std::u32string without_articles(const std::u32string& text) {
  std::u32string kept;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && is_word_character(text[end])) ++end;
    if (end == at) {
      kept += text[at++];
      continue;
    }
    const std::u32string_view word = std::u32string_view(text).substr(at, end - at);
    kept += is_article(word) ? U" " : word;
    at = end;
  }
  return kept;
}

Pieces words_of(std::string_view text, AnswerUnit unit) {
  std::u32string plain = lower_case(characters_of(text));
  std::erase_if(plain, [unit](char32_t c) {
    return is_ascii_punctuation(c) || (unit == AnswerUnit::characters && is_punctuation(c));
  });
  return split_at_blanks(unit == AnswerUnit::words ? without_articles(plain) : plain);
}

Pieces pieces_of(const Pieces& words, AnswerUnit unit) {
  if (unit == AnswerUnit::words) return words;
  Pieces characters;
  for (const std::u32string& word : words)
    for (char32_t c : word) characters.emplace_back(1, c);
  return characters;
}

double f1_of(const Pieces& answer, const Pieces& reference) {
  std::map<std::u32string_view, int> left;
  for (const auto& piece : reference) ++left[piece];
  int same = 0;
  for (const auto& piece : answer) {
    const auto found = left.find(piece);
    if (found != left.end() && found->second-- > 0) ++same;
  }
  if (same == 0) return 0;
  const double precision = same / static_cast<double>(answer.size());
  const double recall = same / static_cast<double>(reference.size());
  return 2 * precision * recall / (precision + recall);
}

}  // namespace

AnswerUnit answer_unit(std::span<const std::string> references) {
  for (const std::string& reference : references)
    for (char32_t c : characters_of(reference))
      if (is_hangul(c) || is_ideograph(c)) return AnswerUnit::characters;
  return AnswerUnit::words;
}

AnswerMatch match_answer(std::string_view answer, std::span<const std::string> references, AnswerUnit unit) {
  const Pieces words = words_of(answer, unit);
  const Pieces pieces = pieces_of(words, unit);
  AnswerMatch best;
  for (const std::string& reference : references) {
    const Pieces expected = words_of(reference, unit);
    if (words == expected) best.exact = 1;
    best.f1 = std::max(best.f1, f1_of(pieces, pieces_of(expected, unit)));
  }
  return best;
}

std::string normal_answer(std::string_view text, AnswerUnit unit) {
  std::string joined;
  for (const std::u32string& word : words_of(text, unit)) {
    if (!joined.empty()) joined += ' ';
    joined += utf8_of(word);
  }
  return joined;
}

}  // namespace troupe::memory
