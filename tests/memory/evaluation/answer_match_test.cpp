#include "memory/evaluation/answer_match.h"

#include "tests/memory/evaluation/fixture_lines.h"

#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {
AnswerMatch match(std::string_view answer, std::vector<std::string> references) {
  return match_answer(answer, references, answer_unit(references));
}
}  // namespace

TEST_CASE("answers match as the official scripts say") {
  int cases = 0;
  for (const Json& line : testing::fixture_lines("answers.jsonl.gz")) {
    const auto answer = line["answer"].get<std::string>();
    const auto expected = line["expected"].get<std::vector<std::string>>();
    CAPTURE(dump(line));
    for (const auto unit : {AnswerUnit::words, AnswerUnit::characters}) {
      const Json& figures = line[unit == AnswerUnit::words ? "words" : "characters"];
      const AnswerMatch match = match_answer(answer, expected, unit);
      CHECK(match.exact == figures[0].get<double>());
      CHECK(match.f1 == doctest::Approx(figures[1].get<double>()).epsilon(1e-12));
    }
    ++cases;
  }
  CHECK(cases > 500);
}

TEST_CASE("case, punctuation, articles and blanks do not count") {
  CHECK(match("  the  Eiffel-Tower! ", {"Eiffel-tower"}).exact == 1);
  CHECK(match("An apple", {"apple"}).exact == 1);
  CHECK(match("theatre", {"atre"}).exact == 0);
  CHECK(match("Paris, France", {"Paris"}).f1 == doctest::Approx(2.0 / 3));
}

TEST_CASE("of several references the best counts, for each figure") {
  const AnswerMatch best = match("in 1889", {"1889", "the year 1889 or so", "in 1889"});
  CHECK(best.exact == 1);
  CHECK(best.f1 == 1);
  CHECK(match("anything", {}).f1 == 0);
  CHECK(match("anything", {}).exact == 0);
}

TEST_CASE("references in Korean, Chinese or Japanese are compared by characters, whatever the answer is in") {
  CHECK(answer_unit(std::vector<std::string>{"Seoul"}) == AnswerUnit::words);
  CHECK(answer_unit(std::vector<std::string>{"Seoul", "서울"}) == AnswerUnit::characters);
  CHECK(answer_unit(std::vector<std::string>{"かな"}) == AnswerUnit::characters);
  CHECK(match("서울은", {"서울"}).f1 == doctest::Approx(0.8));
  CHECK(match("서울.", {"서울"}).exact == 1);
  CHECK(match("北京。", {"北京"}).exact == 1);
  CHECK(match("서울 특별시", {"서울특별시"}).exact == 0);
  CHECK(match("서울 특별시", {"서울특별시"}).f1 == 1);
  CHECK(match("Seoul", {"서울"}).f1 == 0);
}

TEST_CASE("what normalises to nothing matches exactly and has no F1, as in the script") {
  CHECK(match("the", {"..."}).exact == 1);
  CHECK(match("the", {"..."}).f1 == 0);
  CHECK(match("", {"x"}).exact == 0);
  CHECK(match("\xff", {"\xfe"}).exact == 1);  // both are U+FFFD
  CHECK(normal_answer("The  U.S. «B»", AnswerUnit::words) == "us «b»");
  CHECK(normal_answer("The  U.S. «B»", AnswerUnit::characters) == "the us b");
}
