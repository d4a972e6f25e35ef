#include "memory/evaluation/characters.h"

#include "memory/evaluation/answer_match.h"
#include "memory/evaluation/bleu.h"
#include "memory/evaluation/cases.h"
#include "memory/evaluation/rouge.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe::memory;

TEST_CASE(
    "bytes that are no UTF-8 are one U+FFFD each, and so are halves of pairs and what is beyond Unicode") {
  CHECK(characters_of("a\xff"
                      "b") ==
        U"a\xFFFD"
        U"b");
  CHECK(characters_of("\xED\xA0\x80") == U"\xFFFD");
  CHECK(characters_of("\xF4\x90\x80\x80") == U"\xFFFD");
  CHECK(characters_of("\xE0\x80") == U"\xFFFD\xFFFD");
  CHECK(utf8_of(characters_of("a한𞤢")) == "a한𞤢");
}

TEST_CASE("lower case is that of a whole text") {
  CHECK(lower_case(U"ΟΔΟΣ ΣΑ") == U"οδος σα");
  CHECK(lower_case(U"İ") == U"i\u0307");
  CHECK(lower_case(U"𐐀") == U"𐐨");
}

TEST_CASE("blanks are those at which Python splits") {
  for (char32_t c : {0x09, 0x0A, 0x1C, 0x1F, 0x20, 0x85, 0xA0, 0x2028, 0x3000}) CHECK(is_blank(c));
  for (char32_t c : {0x08, 0x1B, 0x200B, 0xFEFF, 0x2060, 0x180E}) CHECK_FALSE(is_blank(c));
  CHECK(split_at_blanks(U" a\u3000bc\x1c") == std::vector<std::u32string>{U"a", U"bc"});
  CHECK(split_at_blanks(U" \n").empty());
}

TEST_CASE("every measure has a value of 0 to 1, or to 100, for any bytes") {
  std::uint32_t state = 1;
  const auto bytes = [&state](std::size_t size) {
    std::string text;
    while (text.size() < size) text += static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
    return text;
  };
  const auto within = [](double value, double most) { return value >= 0 && value <= most + 1e-9; };
  for (std::size_t i = 0; i < 200; ++i) {
    const std::string text = bytes(i);
    const std::vector<std::string> references = {bytes(i / 2), text.substr(i / 3), bytes(3)};
    for (const auto unit : {AnswerUnit::words, AnswerUnit::characters})
      CHECK(within(match_answer(text, references, unit).f1, 1));
    for (const auto tokens : {BleuTokens::v13a, BleuTokens::intl, BleuTokens::zh, BleuTokens::character})
      CHECK(within(sentence_bleu(bleu_counts(text, references, {.tokens = tokens})).score, 100));
    for (const auto tokens : {RougeTokens::latin, RougeTokens::stemmed, RougeTokens::unicode})
      CHECK(within(rouge_scores(text, references, tokens).rouge_lsum.f1, 1));
    read_cases(text);
  }
}
