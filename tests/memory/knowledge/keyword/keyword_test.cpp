#include "memory/knowledge/keyword/keyword.h"

#include "memory/knowledge/keyword/term_characters.h"
#include "models/builtin/utf8.h"
#include "tests/memory/knowledge/keyword/full_text_table.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>

#include <doctest/doctest.h>

using namespace troupe::memory;
using troupe::memory::testing::FullTextTable;

namespace {

std::string utf8(char32_t c) {
  std::string text;
  troupe::models::builtin::append_utf8(text, c);
  return text;
}

void count_terms(const std::string& terms, std::map<std::string, std::int64_t>& counts) {
  for (std::size_t at = 0; at < terms.size();) {
    const std::size_t end = std::min(terms.find(' ', at), terms.size());
    ++counts[terms.substr(at, end - at)];
    at = end + 1;
  }
}

bool finds(const std::string& document, const std::string& question) {
  FullTextTable table;
  table.add(keyword_terms(document));
  return !table.find(keyword_query(question)).empty();
}

}  // namespace

TEST_CASE("words are terms without case, accents, width and English endings") {
  CHECK(keyword_terms("The Elections, elected!") == "the elect elect");
  CHECK(keyword_terms("Café ＡＢＣ１２３ ÑANDÚ") == "cafe abc123 nandu");
  CHECK(keyword_terms("cafe\u0301") == keyword_terms("caf\u00e9"));
  CHECK(keyword_terms("МОСКВА ёлка Straße ΑΘΉΝΑΣ") == "москва елка strass αθηνασ");
  CHECK(keyword_terms("ﬁle ① ½ Ⅷ") == "file 1 1 2 viii");
  CHECK(keyword_terms("soft\u00adhyphen zero\u200bwidth") == "softhyphen zerowidth");
  CHECK(keyword_terms("x_y a.b don't 3.14") == "x y a b don t 3 14");
}

TEST_CASE("words of other alphabets and words with digits keep their endings") {
  CHECK(keyword_terms("covid19s élections") == "covid19s elect");
  CHECK(keyword_terms("as is") == "as is");  // too short for an ending
  CHECK(keyword_terms("новости") == "новости");
}

TEST_CASE("Korean is pairs of syllables and the first of each run") {
  CHECK(keyword_terms("검색엔진에서") == "검 검색 색엔 엔진 진에 에서");
  CHECK(keyword_terms("책") == "책");
  CHECK(keyword_terms("10명이") == "10 명 명이");
  CHECK(keyword_terms("\u1112\u1161\u11ab\u1100\u1173\u11af") == keyword_terms("한글"));
}

TEST_CASE("Chinese and Japanese are pairs of characters; a lone one is itself") {
  CHECK(keyword_terms("東京は日本") == "東京 京は は日 日本");
  CHECK(keyword_terms("人") == "人");
  CHECK(keyword_terms("ラーメン。ﾗｰﾒﾝ") == "ラー ーメ メン ラー ーメ メン");
  CHECK(keyword_terms("が") == "が");  // its mark makes it another letter than か
  CHECK(keyword_terms("か\u3099") == "が");
  CHECK(keyword_terms("中国CPU芯片") == "中国 cpu 芯片");
}

TEST_CASE("what holds no letter has no terms, and no question to ask") {
  for (const std::string text : {"", " \n\t", "... !? --", "🎉🚀", "\xff\xfe\x80", "\u0301\u200d"}) {
    CAPTURE(text);
    CHECK(keyword_terms(text).empty());
    CHECK(keyword_query(text).empty());
  }
  CHECK(keyword_terms("one\xfftwo") == "on two");
}

TEST_CASE("a word inside a longer one is found, as Korean needs it") {
  CHECK(finds("한국어 검색엔진에서 찾은 문서", "검색"));
  CHECK(finds("한국어 검색엔진에서 찾은 문서", "엔진"));
  CHECK(finds("그는 책을 읽었다", "책"));
  CHECK(finds("서울특별시는 대한민국의 수도이다", "수도"));
  CHECK_FALSE(finds("서울특별시는 대한민국의 수도이다", "부산"));
  CHECK(finds("東京特許許可局", "特許"));
  CHECK(finds("人工智能", "人"));  // a lone character finds what begins with it
  CHECK_FALSE(finds("人工智能", "能"));
  CHECK(finds("The elections of 1848", "election"));
  CHECK(finds("naïve Bayes", "NAIVE"));
}

TEST_CASE("a query names every term once, quoted, and leaves out what is in every text") {
  CHECK(keyword_query("Who was the queen of Spain, the queen?") == R"("who" OR "queen" OR "spain")");
  CHECK(keyword_query("to be or not") == R"("not")");
  CHECK(keyword_query("to be") == R"("to" OR "be")");  // there is nothing else
  CHECK(keyword_query("검색") == R"("검" OR "검색")");
  CHECK(keyword_query("人 工智") == R"("人"* OR "工智")");
}

TEST_CASE("nothing that is asked becomes a part of the query language") {
  FullTextTable table;
  table.add(keyword_terms("a plain text about cats and near dogs"));
  table.add(keyword_terms("something else"));
  for (const std::string text :
       {"cats AND unicorns", "cats NOT dogs", "NEAR(cats dogs, 2)", "terms : cats", "\"cats", "cats\"*",
        "^cats", "(cats", "cats) OR (", "-cats", "{terms} : cats", "cats'); DROP TABLE terms;--", "+cats",
        "cats\\\"", "OR cats", "AND OR NOT cats"}) {
    CAPTURE(text);
    CHECK(table.find(keyword_query(text)) == std::vector<std::int64_t>{1});
  }
  CHECK(table.find(keyword_query("NOT")).empty());
  CHECK(keyword_query(std::string("cats\0dogs", 9)) == R"("cat" OR "dog")");
}

TEST_CASE("a query has at most kQueryTerms terms, which SQLite takes") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "w" + std::to_string(i) + " ";
  const std::string query = keyword_query(text);
  std::size_t terms = 0;
  for (char c : query) terms += c == '"';
  CHECK(terms == 2 * kQueryTerms);
  FullTextTable table;
  table.add(keyword_terms("w127"));
  table.add(keyword_terms("w128"));
  CHECK(table.find(query) == std::vector<std::int64_t>{1});
}

TEST_CASE("a long run of letters is several terms") {
  const std::string terms = keyword_terms(std::string(150, '7'));
  CHECK(terms == std::string(64, '7') + " " + std::string(64, '7') + " " + std::string(22, '7'));
}

TEST_CASE("SQLite's unicode61 takes every term as it is, whatever character it is made of") {
  for (const std::string options : {"unicode61", "unicode61 remove_diacritics 0"}) {
    CAPTURE(options);
    FullTextTable table(options);
    std::map<std::string, std::int64_t> expected;
    std::string text;
    for (char32_t c = 1; c < 0x110000; ++c) {
      if (c >= 0xD800 && c < 0xF900) continue;  // surrogates and private use
      if (c >= 0x32000) break;
      const bool alike = (c >= 0x3400 && c < 0xA000) || (c >= 0xAC00 && c < 0xD7A4) || c >= 0x20000;
      if (alike && c % 16 != 15) continue;
      // Between digits, so that a character which vanishes or separates is seen.
      text += "1" + utf8(c) + "2 ";
      if (c % 4096 != 4095) continue;
      const std::string terms = keyword_terms(text);
      table.add(terms);
      count_terms(terms, expected);
      text.clear();
    }
    CHECK(expected.size() > 10'000);
    const auto indexed = table.vocabulary();
    for (const auto& [term, count] : expected) {
      const auto found = indexed.find(term);
      const bool same = found != indexed.end() && found->second == count;
      if (!same) CHECK_MESSAGE(same, term << " stands " << count << " times in what was given");
    }
    CHECK(indexed.size() == expected.size());
  }
}

TEST_CASE("folded text stays as it is when it is folded again") {
  for (char32_t c = 1; c < 0x30000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::u32string once = fold_for_terms(utf8(c));
    std::string again;
    for (char32_t folded : once) again += utf8(folded);
    const bool same = fold_for_terms(again) == once;
    if (!same) CHECK_MESSAGE(same, static_cast<unsigned>(c));
  }
}

TEST_CASE("a large text takes time in proportion, whatever it holds") {
  for (const std::string unit :
       {"a", "lorem ipsum dolor ", "y", "가", "漢", "\u0301", "\u1100\u1161", "🎉", "\xff", "𞤢"}) {
    CAPTURE(unit);
    std::string text;
    while (text.size() < 256u << 10) text += unit;
    const auto begin = std::chrono::steady_clock::now();
    keyword_terms(text);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  }
}
