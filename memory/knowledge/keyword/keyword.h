#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace troupe::memory {

/// A longer run of letters is read as several.
inline constexpr std::size_t kRunCharacters = 64;
/// Of one query; what comes behind the first so many different terms is not searched for.
inline constexpr std::size_t kQueryTerms = 128;

/// The terms under which a text is indexed and found, separated by blanks, in the order of the text, as often
/// as they occur. Meant for a column of SQLite's FTS5 with `tokenize = 'unicode61'`, which takes every term
/// as it is: terms are letters and digits only, in lower case and without accents. Empty when the text has no
/// letter or digit.
///
/// - Words and numbers of scripts with blanks are terms; words of ASCII letters as their English stem
/// (Porter):
///   "Elections" and "elected" meet as "elect". On questions and paragraphs this helped English and, by its
///   plurals, Spanish: nDCG@10 of HotpotQA 0.795 → 0.813, XQuAD en 0.964 → 0.969, XQuAD es 0.954 → 0.962.
/// - A run of Hangul is its pairs of neighbouring syllables and its first syllable, so that 검색 is found in
///   검색엔진에서, whatever particle follows, and 책 in 책을: "검 검색 색엔 엔진 진에 에서". The first
///   syllables made nDCG@10 of KLUE-NLI 0.979 → 0.989. A lone syllable is itself.
/// - A run of Chinese characters and kana is its pairs of neighbours; a lone one is itself.
/// - A letter that SQLite's tables (Unicode 6.1) do not know is written as its number: "u1e922".
///
/// Linear in the text, which is at most 2 GiB. Pure; any thread.
std::string keyword_terms(std::string_view text);

/// The FTS5 MATCH expression that finds rows with any term of `text`, each quoted, joined with OR, once each:
/// nothing a user writes becomes an operator. A lone Chinese character or kana also finds the words it
/// begins:
/// `"人"*`. The commonest words of English and Spanish are asked for only where there is nothing else: they
/// hardly tell texts apart, and cost most of the time. Empty when there is no term: there is nothing to
/// search for then, and MATCH takes no empty expression. Pure; any thread.
std::string keyword_query(std::string_view text);

}  // namespace troupe::memory
