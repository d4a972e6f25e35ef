#include "memory/evaluation/ranking.h"

#include "tests/memory/evaluation/fixture_lines.h"

#include <cmath>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {
using Ids = std::vector<std::string>;

std::string at(const char* name, std::size_t k) {
  return std::string(name) + "_" + std::to_string(k);
}
}  // namespace

TEST_CASE("figures are those of trec_eval, equal scores included") {
  int cases = 0;
  for (const Json& line : testing::fixture_lines("rankings.jsonl.gz")) {
    Relevance relevant;
    for (const auto& [id, grade] : line["relevant"].items()) relevant[id] = grade;
    std::vector<ScoredId> found;
    for (const Json& one : line["run"]) found.push_back({one[0], one[1]});
    const Ids ranking = ranked(found);
    const Json& expected = line["expected"];
    const auto is = [&](const std::string& name) {
      return doctest::Approx(expected.at(name).get<double>()).epsilon(1e-9);
    };
    CAPTURE(dump(line));
    for (std::size_t k : {1, 3, 5, 10, 20}) {
      CAPTURE(k);
      const auto scores = score_ranking(ranking, relevant, k);
      REQUIRE(scores);
      CHECK(scores->recall == is(at("recall", k)));
      CHECK(scores->precision == is(at("P", k)));
      CHECK(scores->hit == is(at("success", k)));
      CHECK(scores->ndcg == is(at("ndcg_cut", k)));
      CHECK(scores->average_precision == is(at("map_cut", k)));
    }
    const auto whole = score_ranking(ranking, relevant, 0);
    REQUIRE(whole);
    CHECK(whole->average_precision == is("map"));
    CHECK(whole->reciprocal_rank == is("recip_rank"));
    CHECK(whole->ndcg == is("ndcg"));
    ++cases;
  }
  CHECK(cases == 400);
}

TEST_CASE("the first relevant place counts for MRR only up to k") {
  const Relevance relevant = {{"c", 1}};
  CHECK(score_ranking(Ids{"a", "b", "c"}, relevant, 3)->reciprocal_rank == doctest::Approx(1.0 / 3));
  CHECK(score_ranking(Ids{"a", "b", "c"}, relevant, 2)->reciprocal_rank == 0);
}

TEST_CASE("an id that comes again is not counted, and those behind it move up") {
  const Relevance relevant = {{"a", 1}, {"b", 1}};
  const auto scores = score_ranking(Ids{"a", "a", "a", "b"}, relevant, 2);
  CHECK(scores->recall == 1);
  CHECK(scores->precision == 1);
  CHECK(scores->ndcg == doctest::Approx(1));
}

TEST_CASE("grades are gains; what was judged not relevant is none") {
  const Relevance relevant = {{"a", 3}, {"b", 1}, {"c", 0}, {"d", -1}};
  const auto scores = score_ranking(Ids{"c", "b", "d", "a"}, relevant, 10);
  CHECK(scores->recall == 1);
  CHECK(scores->reciprocal_rank == 0.5);
  CHECK(scores->ndcg == doctest::Approx((1 / std::log2(3) + 3 / std::log2(5)) / (3 + 1 / std::log2(3))));
}

TEST_CASE("without a relevant document there is no figure; without a ranking they are 0") {
  CHECK_FALSE(score_ranking(Ids{"a"}, {}, 10));
  CHECK_FALSE(score_ranking(Ids{"a"}, {{"a", 0}}, 10));
  const auto nothing = score_ranking(Ids{}, {{"a", 1}}, 0);
  REQUIRE(nothing);
  CHECK(nothing->precision == 0);
  CHECK(nothing->ndcg == 0);
}
