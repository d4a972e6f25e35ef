#include "memory/evaluation/bleu.h"

#include "tests/memory/evaluation/fixture_lines.h"

#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

constexpr BleuTokens kAll[] = {BleuTokens::v13a, BleuTokens::intl, BleuTokens::zh, BleuTokens::character};

BleuTokens tokens_named(const std::string& name) {
  for (BleuTokens tokens : kAll)
    if (word(tokens) == name) return tokens;
  FAIL("no tokens " << name);
  return BleuTokens::v13a;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("tokens and scores of single texts are sacreBLEU's") {
  int cases = 0;
  for (const Json& line : testing::fixture_lines("bleu.jsonl.gz")) {
    const auto hypothesis = line["hypothesis"].get<std::string>();
    const auto references = line["references"].get<Texts>();
    CAPTURE(dump(line["hypothesis"]));
    for (BleuTokens tokens : kAll) {
      const std::string name(word(tokens));
      CAPTURE(name);
      CHECK(bleu_tokenize(hypothesis, tokens) == line["tokens"][name].get<Texts>());
      const BleuCounts counts = bleu_counts(hypothesis, references, {.tokens = tokens});
      CHECK(sentence_bleu(counts).score ==
            doctest::Approx(line["sentence"][name].get<double>()).epsilon(1e-9));
    }
    const BleuCounts lower = bleu_counts(hypothesis, references, {.lower_case = true});
    CHECK(sentence_bleu(lower).score ==
          doctest::Approx(line["sentence"]["13a_lc"].get<double>()).epsilon(1e-9));
    ++cases;
  }
  CHECK(cases > 450);
}

TEST_CASE("scores of corpora are sacreBLEU's, and so is the signature but for the version") {
  const std::vector<Json> texts = testing::fixture_lines("bleu.jsonl.gz");
  int corpora = 0;
  for (const Json& line : testing::fixture_lines("bleu_corpora.jsonl.gz")) {
    const auto used = line["references"].get<std::size_t>();
    const BleuSettings settings{tokens_named(line["tokens"]), line["lowercase"].get<bool>()};
    BleuCounts sum;
    for (const Json& row : line["rows"]) {
      const Json& text = texts[row.get<std::size_t>()];
      auto references = text["references"].get<Texts>();
      if (used) references.resize(used);
      sum += bleu_counts(text["hypothesis"].get<std::string>(), references, settings);
    }
    const BleuScore score = corpus_bleu(sum);
    CAPTURE(dump(line));
    CHECK(score.score == doctest::Approx(line["score"].get<double>()).epsilon(1e-9));
    CHECK(score.brevity_penalty == doctest::Approx(line["bp"].get<double>()).epsilon(1e-9));
    CHECK(sum.hypothesis_length == line["hypothesis_length"].get<std::int64_t>());
    CHECK(sum.reference_length == line["reference_length"].get<std::int64_t>());
    for (std::size_t n = 0; n < kBleuOrder; ++n)
      CHECK(score.precisions[n] == doctest::Approx(line["precisions"][n].get<double>()).epsilon(1e-9));
    const std::string signature = line["signature"];
    CHECK(bleu_signature(settings, used) == signature.substr(0, signature.find("|version")));
    ++corpora;
  }
  CHECK(corpora > 200);
}

TEST_CASE("the examples of the paper: clipped counts and the brevity penalty") {
  const Texts references = {"the cat is on the mat", "there is a cat on the mat"};
  const BleuCounts repeated = bleu_counts("the the the the the the the", references, {});
  CHECK(repeated.matching[0] == 2);
  CHECK(repeated.total[0] == 7);
  CHECK(repeated.reference_length == 7);
  // Papineni et al. 2002, candidate 1: 17 of 18 words, 10 of 17 pairs.
  const BleuCounts good = bleu_counts(
      "It is a guide to action which ensures that the military always obeys the commands of the party",
      Texts{"It is a guide to action that ensures that the military will forever heed Party commands",
            "It is the guiding principle which guarantees the military forces always being under the command "
            "of "
            "the Party",
            "It is the practical guide for the army always to heed the directions of the party"},
      {});
  CHECK(good.matching[0] == 17);
  CHECK(good.total[0] == 18);
  CHECK(good.matching[1] == 10);
  CHECK(good.total[1] == 17);
}

TEST_CASE("nothing written, nothing expected, nothing in common") {
  CHECK(corpus_bleu({}).score == 0);
  CHECK(sentence_bleu(bleu_counts("", Texts{"a"}, {})).score == 0);
  CHECK(sentence_bleu(bleu_counts("", Texts{"a"}, {})).brevity_penalty == 0);
  CHECK(sentence_bleu(bleu_counts("a b c d", Texts{}, {})).score == 0);
  CHECK(sentence_bleu(bleu_counts("a b c d", Texts{"e f g h"}, {})).score == 0);
  CHECK(sentence_bleu(bleu_counts("yes", Texts{"yes"}, {})).score == doctest::Approx(100));
  CHECK(corpus_bleu(bleu_counts("yes", Texts{"yes"}, {})).score == 0);  // no four tokens anywhere
}

TEST_CASE("tokens by the language of a text") {
  CHECK(bleu_tokens_for("plain naïve text") == BleuTokens::v13a);
  CHECK(bleu_tokens_for("中文") == BleuTokens::zh);
  CHECK(bleu_tokens_for("日本のテキスト") == BleuTokens::zh);
  CHECK(bleu_tokens_for("한국어 漢字") == BleuTokens::character);
  CHECK(bleu_signature({BleuTokens::zh, true}, 0, true) == "nrefs:var|case:lc|eff:yes|tok:zh|smooth:exp");
}
