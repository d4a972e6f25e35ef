#include "memory/evaluation/rouge.h"

#include "memory/evaluation/common_subsequence.h"
#include "tests/memory/evaluation/fixture_lines.h"

#include <utility>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

using Texts = std::vector<std::string>;

void check(const PrecisionRecall& ours, const Json& theirs) {
  CHECK(ours.precision == doctest::Approx(theirs[0].get<double>()).epsilon(1e-12));
  CHECK(ours.recall == doctest::Approx(theirs[1].get<double>()).epsilon(1e-12));
  CHECK(ours.f1 == doctest::Approx(theirs[2].get<double>()).epsilon(1e-12));
}

}  // namespace

TEST_CASE("scores are those of rouge-score, with and without stems, and with tokens of every script") {
  int cases = 0;
  for (const Json& line : testing::fixture_lines("rouge.jsonl.gz")) {
    CAPTURE(dump(line));
    for (const auto& [name, tokens] : {std::pair{"latin", RougeTokens::latin},
                                       {"stem", RougeTokens::stemmed},
                                       {"unicode", RougeTokens::unicode}}) {
      const RougeScores ours =
          rouge_scores(line["answer"].get<std::string>(), line["expected"].get<Texts>(), tokens);
      CAPTURE(std::string(name));
      check(ours.rouge1, line[name]["rouge1"]);
      check(ours.rouge2, line[name]["rouge2"]);
      check(ours.rouge_l, line[name]["rougeL"]);
      check(ours.rouge_lsum, line[name]["rougeLsum"]);
      CHECK_FALSE(ours.cut);
    }
    ++cases;
  }
  CHECK(cases > 450);
}

TEST_CASE("the examples of Lin's paper") {
  const Texts reference = {"police killed the gunman"};
  CHECK(rouge_scores("police kill the gunman", reference, RougeTokens::latin).rouge_l.f1 ==
        doctest::Approx(0.75));
  CHECK(rouge_scores("the gunman kill police", reference, RougeTokens::latin).rouge_l.f1 ==
        doctest::Approx(0.5));
  // 3.2: a reference of five words, two sentences that share w1 w2 and w1 w3 w5 with it: recall 4 of 5.
  CHECK(rouge_scores("w1 w2 w6 w7 w8\nw1 w3 w8 w9 w5", Texts{"w1 w2 w3 w4 w5"}, RougeTokens::latin)
            .rouge_lsum.recall == doctest::Approx(0.8));
}

TEST_CASE("Korean and Chinese are nothing to rouge-score's tokens, and something to ours") {
  const Texts reference = {"서울은 대한민국의 수도이다."};
  CHECK(rouge_scores("서울은 수도이다", reference, RougeTokens::latin).rouge1.f1 == 0);
  CHECK(rouge_scores("서울은 수도이다", reference, RougeTokens::unicode).rouge1.f1 == doctest::Approx(0.8));
  CHECK(rouge_tokenize("北京2008年", RougeTokens::unicode) == Texts{"北", "京", "2008", "年"});
  CHECK(rouge_tokenize("naïve", RougeTokens::latin) == Texts{"na", "ve"});
  CHECK(rouge_tokens_for(Texts{"plain"}) == RougeTokens::latin);
  CHECK(rouge_tokens_for(Texts{"plain – with 5 €"}) == RougeTokens::latin);
  CHECK(rouge_tokens_for(Texts{"plain", "서울"}) == RougeTokens::unicode);
}

TEST_CASE("a text beyond the limit is cut, and that is said") {
  std::string text;
  for (std::size_t i = 0; i < kRougeTextTokens + 5; ++i)
    text += "w" + std::to_string(i % 7) + (i % 50 ? " " : "\n");
  const RougeScores scores = rouge_scores(text, Texts{"w1 w2"}, RougeTokens::latin);
  CHECK(scores.cut);
  CHECK(scores.rouge1.recall == 1);
  CHECK(scores.rouge1.precision == doctest::Approx(2.0 / kRougeTextTokens));

  std::string lines;
  for (std::size_t i = 0; i < kRougeTextLines; ++i) lines += "a\n\n";
  CHECK_FALSE(rouge_scores(lines, Texts{"a"}, RougeTokens::latin).cut);
  CHECK(rouge_scores(lines + "...\nb", Texts{"a"}, RougeTokens::latin).cut);
  CHECK(rouge_scores("a", Texts{lines + "b"}, RougeTokens::latin).cut);
}

TEST_CASE("nothing written, nothing expected") {
  CHECK(rouge_scores("", Texts{"a"}, RougeTokens::latin).rouge1.f1 == 0);
  CHECK(rouge_scores("a", Texts{""}, RougeTokens::latin).rouge_lsum.f1 == 0);
  CHECK(rouge_scores("a", Texts{}, RougeTokens::latin).rouge_l.f1 == 0);
  CHECK(common_subsequence_length({}, {}) == 0);
  CHECK(common_subsequence({1, 2}, {}).empty());
  CHECK(common_subsequence({1, 2, 3, 4}, {2, 9, 4}) == std::vector<std::size_t>{1, 3});
}
