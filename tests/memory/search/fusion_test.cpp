#include "memory/knowledge/search/fusion.h"

#include <algorithm>
#include <random>
#include <set>

#include <doctest/doctest.h>

using namespace troupe::memory;

namespace {

RankedList list(ScoreKind kind, std::vector<Ranked> rows, double weight = 1) {
  return {kind, weight, std::move(rows)};
}

std::vector<std::int64_t> ids(const std::vector<Fused>& fused) {
  std::vector<std::int64_t> out;
  for (const Fused& one : fused) out.push_back(one.chunk);
  return out;
}

using Ids = std::vector<std::int64_t>;

std::vector<RankedList> random_lists(std::mt19937& random) {
  std::vector<RankedList> lists(1 + random() % 4);
  for (RankedList& one : lists) {
    one.weight = static_cast<double>(1 + random() % 3);
    double score = 100;
    for (std::size_t i = 0; i < random() % 20; ++i)
      one.rows.push_back(
          {static_cast<std::int64_t>(random() % 15), score -= static_cast<double>(random() % 7)});
  }
  return lists;
}

}  // namespace

TEST_CASE("reciprocal ranks are summed") {
  const RankedList lists[] = {list(ScoreKind::cosine, {{1, 0.9}, {2, 0.8}, {3, 0.7}}),
                              list(ScoreKind::bm25, {{3, 12}, {4, 11}})};
  const auto fused = reciprocal_rank_fusion(lists);
  CHECK(ids(fused) == Ids{3, 1, 2, 4});
  CHECK(fused[0].score == doctest::Approx(1.0 / 63 + 1.0 / 61));
  CHECK(fused[1].score == doctest::Approx(1.0 / 61));
  CHECK(fused[0].placings == std::vector<Placing>{{ScoreKind::cosine, 3, 0.7}, {ScoreKind::bm25, 1, 12}});
  CHECK(fused[3].placings == std::vector<Placing>{{ScoreKind::bm25, 2, 11}});
  // The smaller k, the more first places count.
  const RankedList steep[] = {list(ScoreKind::cosine, {{1, 3}, {2, 2}}),
                              list(ScoreKind::bm25, {{3, 9}, {2, 8}})};
  CHECK(ids(reciprocal_rank_fusion(steep, 60)).front() == 2);
  // All three have 1 now: the best rank decides, then the id.
  CHECK(ids(reciprocal_rank_fusion(steep, 0)) == Ids{1, 3, 2});
}

TEST_CASE("nothing to fuse, and lists that are empty or say a thing twice") {
  CHECK(reciprocal_rank_fusion({}).empty());
  CHECK(weighted_fusion({}, Normalisation::z).empty());
  const RankedList lists[] = {list(ScoreKind::cosine, {}), list(ScoreKind::bm25, {{5, 2}, {5, 1}, {6, 0.5}})};
  for (const auto& fused : {reciprocal_rank_fusion(lists), weighted_fusion(lists, Normalisation::min_max)}) {
    CHECK(ids(fused) == Ids{5, 6});
    CHECK(fused[1].placings == std::vector<Placing>{{ScoreKind::bm25, 2, 0.5}});
  }
}

TEST_CASE("weighted fusion: scores of 0 to 1, a chunk that is missing has 0") {
  const RankedList lists[] = {list(ScoreKind::cosine, {{1, 0.9}, {2, 0.8}, {3, 0.5}}, 3),
                              list(ScoreKind::bm25, {{4, 20}, {3, 10}}, 1)};
  const auto fused = weighted_fusion(lists, Normalisation::min_max);
  CHECK(ids(fused) == Ids{1, 2, 4, 3});
  CHECK(fused[0].score == doctest::Approx(0.75));
  CHECK(fused[1].score == doctest::Approx(0.75 * 0.75));
  CHECK(fused[2].score == doctest::Approx(0.25));
  CHECK(fused[3].score == 0);
}

TEST_CASE("weighted fusion by z: means and deviations") {
  const RankedList lists[] = {list(ScoreKind::cosine, {{1, 3}, {2, 2}, {3, 1}}),
                              list(ScoreKind::bm25, {{2, 8}, {1, 4}})};
  const auto fused = weighted_fusion(lists, Normalisation::z);
  CHECK(ids(fused) == Ids{2, 1, 3});
  CHECK(fused[0].score == doctest::Approx(0.5));  // (0 + 1) / 2
  CHECK(fused[1].score == doctest::Approx((1.224744871 - 1) / 2));
  CHECK(fused[2].score == doctest::Approx((-1.224744871 - 1) / 2));  // missing: the list's lowest
}

TEST_CASE("equal scores normalise without dividing by nothing") {
  const RankedList equal[] = {list(ScoreKind::cosine, {{1, 0.3}, {2, 0.3}, {7, 0.3}}),
                              list(ScoreKind::bm25, {{3, 5}})};
  for (const Fused& one : weighted_fusion(equal, Normalisation::min_max)) CHECK(one.score == 0.5);
  for (const Fused& one : weighted_fusion(equal, Normalisation::z)) CHECK(one.score == 0);
  const RankedList unweighted[] = {list(ScoreKind::cosine, {{1, 0.3}}, 0)};
  CHECK(weighted_fusion(unweighted, Normalisation::min_max)[0].score == 0);
  CHECK(reciprocal_rank_fusion(unweighted)[0].score == 0);
}

TEST_CASE("the order of the lists means nothing, and fusion is what its formula says") {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    std::vector<RankedList> lists = random_lists(random);
    const auto rrf = reciprocal_rank_fusion(lists);
    const auto z = weighted_fusion(lists, Normalisation::z);
    const auto min_max = weighted_fusion(lists, Normalisation::min_max);
    for (const Fused& one : rrf) {
      double sum = 0;
      for (const RankedList& each : lists) {
        std::set<std::int64_t> before;
        for (const Ranked& row : each.rows) {
          if (row.chunk == one.chunk) {
            sum += each.weight / (60 + static_cast<double>(before.size() + 1));
            break;
          }
          before.insert(row.chunk);
        }
      }
      REQUIRE(one.score == doctest::Approx(sum).epsilon(1e-12));
    }
    std::shuffle(lists.begin(), lists.end(), random);
    REQUIRE(ids(reciprocal_rank_fusion(lists)) == ids(rrf));
    REQUIRE(ids(weighted_fusion(lists, Normalisation::min_max)) == ids(min_max));
    std::set<std::int64_t> distinct;
    for (std::int64_t id : ids(z)) REQUIRE(distinct.insert(id).second);
    REQUIRE(std::ranges::is_sorted(z, std::greater<>(), &Fused::score));
  }
}
