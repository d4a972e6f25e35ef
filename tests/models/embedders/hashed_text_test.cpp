#include "models/embedders/hashed_text.h"

#include "models/embedders/letters.h"
#include "runtime/base/sha256.h"
#include "tests/models/recordings.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <map>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::models;

namespace {

std::vector<float> vector_of(std::string_view text) {
  std::vector<float> vector(HashedText::kDimensions);
  HashedText::embed(text, vector);
  return vector;
}

double cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}
double alike(std::string_view a, std::string_view b) {
  return cosine(vector_of(a), vector_of(b));
}

// The bits of all numbers, in little-endian order.
std::string print_of(std::string_view text) {
  std::string bytes;
  for (float value : vector_of(text))
    for (int shift : {0, 8, 16, 24})
      bytes += static_cast<char>(std::bit_cast<std::uint32_t>(value) >> shift & 0xFF);
  return sha256_hex(bytes).substr(0, 16);
}

double correlation(const std::vector<double>& x, const std::vector<double>& y) {
  const auto n = static_cast<double>(x.size());
  const double mx = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double my = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double xy = 0, xx = 0, yy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) * (x[i] - mx);
    yy += (y[i] - my) * (y[i] - my);
  }
  return xy / std::sqrt(xx * yy);
}

/// How often the paragraph a question is about is among the ten nearest of its language.
double recall_at_10(const std::string& lang) {
  std::vector<std::pair<std::string, std::vector<float>>> texts;
  int asked = 0, found = 0;
  for (const Json& line : testing::json_lines("retrieval/xquad_sample.jsonl.gz")) {
    if (line["lang"] != lang) continue;
    const auto vector = vector_of(line["text"].get<std::string>());
    if (line["kind"] == "text") {
      texts.emplace_back(line["id"], vector);
      continue;
    }
    const auto own =
        std::ranges::find(texts, line["of"].get<std::string>(), [](const auto& t) { return t.first; });
    REQUIRE(own != texts.end());
    const double mark = cosine(vector, own->second);
    ++asked;
    found +=
        std::ranges::count_if(texts, [&](const auto& t) { return cosine(vector, t.second) > mark; }) < 10;
  }
  REQUIRE(asked > 50);
  return static_cast<double>(found) / asked;
}

std::chrono::duration<double> time_of(std::string_view text) {
  auto best = std::chrono::duration<double>::max();
  for (int i = 0; i < 3; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    vector_of(text);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin));
  }
  return best;
}

}  // namespace

TEST_CASE("the vectors of texts never change: what was stored yesterday is compared with what comes today") {
  const std::map<std::string, std::string> golden = {
      {"The quick brown fox jumps over the lazy dog.", "b0f5a2a0db3cbedf"},
      {"서울은 대한민국의 수도이다.", "907efb1acf6546bb"},
      {"東京は日本の首都です。", "faaaa5679cf052a1"},
      {"¿Cuál es la capital de España?", "f70de5127b94f809"},
      {"Привет, мир!", "4676c9c584ef1b49"},
      {"👍🏽 🎉", "c6e8bd7246b9e86e"},
      {"a", "b68a55447d946b88"},
      {"x = f(y) + 42;", "e63d563adb8378e3"},
  };
  for (const auto& [text, print] : golden) {
    CAPTURE(text);
    CHECK(print_of(text) == print);
  }
  // One feature of 2 and two of 1 in one place: √(2/3) and √(1/3).
  const auto a = vector_of("a");
  CHECK(a[51] == 0.816496611f);
  CHECK(a[109] == 0.577350259f);
  CHECK(std::ranges::count(a, 0.0f) == 510);
}

TEST_CASE("a vector has length 1, or is 0 where nothing counts") {
  for (const char* text :
       {"one", "서울", "Anything at all, of some length, and then more of it.", "漢字", "🎉", "é"}) {
    CAPTURE(text);
    CHECK(alike(text, text) == doctest::Approx(1).epsilon(1e-6));
  }
  for (const char* text : {"", "  \n\t", "... -- !?", "\xff\xfe\x80"}) CHECK(alike(text, text) == 0);
}

TEST_CASE("texts that share words are nearer than texts that do not") {
  const std::string question = "When was the Eiffel Tower built?";
  CHECK(alike(question, "The Eiffel Tower was built from 1887 to 1889.") >
        alike(question, "The Tower of London was founded in 1066.") + 0.1);
  CHECK(alike(question, "The Tower of London was founded in 1066.") >
        alike(question, "Photosynthesis turns light into sugar.") + 0.1);
  CHECK(alike("running shoes for runners", "shoe for a runner who runs") > 0.35);  // forms of a word meet
  CHECK(std::abs(alike("Photosynthesis turns light into sugar.", "Der Vertrag wurde gekündigt.")) < 0.2);
}

TEST_CASE("Korean words meet whatever particle or ending they have, also those of two syllables") {
  CHECK(alike("서울은", "서울에서") > 0.4);
  CHECK(alike("학교", "학교에") > alike("학교", "학생에") + 0.1);
  CHECK(alike("경복궁은 언제 지어졌나요?", "경복궁은 1395년에 지어졌다.") >
        alike("경복궁은 언제 지어졌나요?", "창덕궁은 서울에 있다.") + 0.2);
  CHECK(alike("수도", "도수") < 0.8);  // the order of syllables counts
}

TEST_CASE("case, accents, width and composition mean nothing") {
  CHECK(alike("CAFÉ Zürich", "cafe zurich") == doctest::Approx(1));
  CHECK(alike("caf\u00e9", "cafe\u0301") == doctest::Approx(1));
  CHECK(alike("ＡＢＣ１２３", "abc123") == doctest::Approx(1));
  CHECK(alike("ΑΘΗΝΑΣ", "αθηνας") == doctest::Approx(1));
  CHECK(alike("МОСКВА", "москва") == doctest::Approx(1));
  // 한글 in its parts, as some file systems write it.
  CHECK(alike("한글", "\u1112\u1161\u11ab\u1100\u1173\u11af") == doctest::Approx(1));
}

TEST_CASE("emoji count by themselves") {
  CHECK(alike("🎉", "🎉🎉") == doctest::Approx(1));
  CHECK(std::abs(alike("🎉", "🚀")) < 0.01);
  CHECK(alike("done 🎉", "done") < 0.95);
}

TEST_CASE("bytes that are no UTF-8 separate words, whatever they are") {
  CHECK(alike("one\xff two\x80", "one two") == doctest::Approx(1));
  std::string all;
  for (int i = 0; i < 512; ++i) all += static_cast<char>(i * 37 + i / 256);
  const auto vector = vector_of(all);
  CHECK(std::ranges::all_of(vector, [](float v) { return std::isfinite(v); }));
  CHECK(alike("\xe0\x80", "") == 0);  // cut in the middle of a character
}

TEST_CASE("every code point is a letter of some kind, and join_hangul joins what belongs together") {
  for (char32_t c = 0; c < 0x110000; ++c) {
    const Letter letter = letter_of(c);
    CHECK_MESSAGE(letter.value < 0x110000, static_cast<unsigned>(c));
    if (letter.kind == LetterKind::alphabet)
      CHECK_MESSAGE(letter_of(letter.value).value == letter.value,
                    static_cast<unsigned>(c));  // once is enough
  }
  CHECK(join_hangul(0x1100, 0x1161) == U'가');
  CHECK(join_hangul(U'가', 0x11A8) == U'각');
  CHECK(join_hangul(U'각', 0x11A8) == 0);
  CHECK(join_hangul(U'a', 0x1161) == 0);
  CHECK(join_hangul(0x1100, 0x11A8) == 0);
}

TEST_CASE("a megabyte takes time in proportion, whatever it holds") {
  const std::map<std::string, std::string> units = {{"one run of letters", "a"},
                                                    {"words", "lorem ipsum dolor "},
                                                    {"one run of syllables", "가"},
                                                    {"ideographs", "漢"},
                                                    {"combining accents", "\u0301"},
                                                    {"parts of syllables", "\u1100\u1161"},
                                                    {"emoji", "🎉"},
                                                    {"no UTF-8", "\xff"}};
  for (const auto& [name, unit] : units) {
    CAPTURE(name);
    std::string text;
    while (text.size() < 1u << 20) text += unit;
    const auto whole = time_of(text), tenth = time_of(text.substr(0, text.size() / 10));
    CHECK(whole < tenth * 40 + std::chrono::milliseconds(20));
  }
}

TEST_CASE("questions find their paragraphs by words alone") {
  const double english = recall_at_10("en"), chinese = recall_at_10("zh");
  MESSAGE("recall@10: English " << english << ", Chinese " << chinese);
  CHECK(english > 0.97);
  CHECK(chinese > 0.95);
}

TEST_CASE("likeness of Korean sentences goes with what people say, as far as words can tell") {
  std::vector<double> ours, theirs;
  for (const Json& pair : testing::json_lines("retrieval/klue_sts.jsonl.gz")) {
    ours.push_back(alike(pair["a"].get<std::string>(), pair["b"].get<std::string>()));
    theirs.push_back(pair["similarity"]);
  }
  REQUIRE(ours.size() == 265);
  const double r = correlation(ours, theirs);
  MESSAGE("correlation with people: " << r);
  CHECK(r > 0.37);
}
