#include "memory/knowledge/keyword/keyword.h"

#include "memory/knowledge/keyword/porter.h"
#include "memory/knowledge/keyword/term_characters.h"
#include "models/builtin/utf8.h"

#include <algorithm>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kStemmedLetters = 3;  // shorter words have no ending

/// Words that are in every text: a query with other words is told from them, and four times as fast.
constexpr std::string_view kCommonWords[] = {
    "a",   "al",   "an",  "and",  "are",  "as",   "at",    "be",    "been", "by",    "como", "con",  "de",
    "del", "did",  "do",  "does", "el",   "en",   "es",    "for",   "from", "fue",   "had",  "has",  "have",
    "he",  "her",  "his", "how",  "in",   "is",   "its",   "la",    "las",  "lo",    "los",  "of",   "on",
    "or",  "para", "por", "que",  "se",   "she",  "su",    "that",  "the",  "their", "they", "this", "to",
    "un",  "una",  "was", "were", "what", "when", "where", "which", "with", "y"};
static_assert(std::ranges::is_sorted(kCommonWords));

void append_letters(std::string& out, std::u32string_view letters) {
  for (char32_t c : letters) {
    if (term_character(c) == TermCharacter::rare)
      out += fmt::format("u{:x}", static_cast<std::uint32_t>(c));
    else
      models::builtin::append_utf8(out, c);
  }
}

std::string term_of(std::u32string_view letters) {
  std::string term;
  append_letters(term, letters);
  return term;
}

/// What a query makes of a term.
enum class Weight {
  plain,
  common,  ///< one of kCommonWords
  lone,    ///< an ideograph without neighbours, which is half a term
};

template <class Take>
bool take_word(std::u32string_view word, Take& take) {
  std::string term = term_of(word);
  const bool common = std::ranges::binary_search(kCommonWords, std::string_view(term));
  const bool english = term.size() >= kStemmedLetters &&
                       std::ranges::all_of(term, [](char c) { return c >= 'a' && c <= 'z'; });
  return take(english ? porter_stem(term) : std::move(term), common ? Weight::common : Weight::plain);
}

/// Calls take(term, weight) for every term, until it returns false.
template <class Take>
bool take_run(std::u32string_view run, TermCharacter kind, Take& take) {
  if (kind == TermCharacter::none || run.empty()) return true;
  if (kind == TermCharacter::word) return take_word(run, take);
  if (kind == TermCharacter::hangul || run.size() == 1) {
    const Weight weight = kind == TermCharacter::ideograph ? Weight::lone : Weight::plain;
    if (!take(term_of(run.substr(0, 1)), weight)) return false;
  }
  for (std::size_t i = 0; i + 1 < run.size(); ++i)
    if (!take(term_of(run.substr(i, 2)), Weight::plain)) return false;
  return true;
}

template <class Take>
void take_terms(std::string_view text, Take take) {
  const std::u32string letters = fold_for_terms(text);
  const std::u32string_view all = letters;
  TermCharacter kind = TermCharacter::none;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    TermCharacter next = term_character(all[i]);
    if (next == TermCharacter::rare) next = TermCharacter::word;
    if (next == kind && i - begin < kRunCharacters) continue;
    if (!take_run(all.substr(begin, i - begin), kind, take)) return;
    begin = i;
    kind = next;
  }
  take_run(all.substr(begin), kind, take);
}

}  // namespace

std::string keyword_terms(std::string_view text) {
  std::string terms;
  terms.reserve(text.size());
  take_terms(text, [&](const std::string& term, Weight) {
    if (!terms.empty()) terms += ' ';
    terms += term;
    return true;
  });
  return terms;
}

namespace {

std::string query_of(std::string_view text, bool with_common) {
  std::string query;
  std::set<std::string> seen;
  take_terms(text, [&](const std::string& term, Weight weight) {
    if (weight == Weight::common && !with_common) return true;
    if (!seen.insert(term).second) return true;
    if (!query.empty()) query += " OR ";
    query += '"' + term + '"';
    if (weight == Weight::lone) query += '*';
    return seen.size() < kQueryTerms;
  });
  return query;
}

}  // namespace

std::string keyword_query(std::string_view text) {
  std::string query = query_of(text, false);
  return query.empty() ? query_of(text, true) : query;
}

}  // namespace troupe::memory
