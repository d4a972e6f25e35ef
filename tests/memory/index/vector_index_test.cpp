#include "memory/knowledge/vector_index.h"

#include "memory/knowledge/index/limits.h"
#include "memory/knowledge/index/vector_indexes.h"
#include "tests/memory/index/vectors.h"

#include <limits>
#include <random>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

// What holds for indexes of both kinds. A graph of few vectors compares with all of them.
namespace {

constexpr Metric kMetrics[] = {Metric::cosine, Metric::inner_product, Metric::l2};
constexpr IndexKind kKinds[] = {IndexKind::flat, IndexKind::hnsw};
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

std::unique_ptr<VectorIndex> make(IndexKind kind, Metric metric, std::size_t dimensions) {
  const IndexSettings settings{
      .kind = kind, .metric = metric, .dimensions = dimensions, .hnsw = {.m = 8, .ef_construction = 40}};
  auto made = make_index(settings, 100);
  REQUIRE(made);
  CHECK((*made)->kind() == kind);
  CHECK((*made)->metric() == metric);
  CHECK((*made)->dimensions() == dimensions);
  return std::move(*made);
}

template <class Check>
void with_all(std::size_t dimensions, Check check) {
  for (const IndexKind kind : kKinds) {
    for (const Metric metric : kMetrics) {
      CAPTURE(static_cast<int>(kind));
      CAPTURE(static_cast<int>(metric));
      check(*make(kind, metric, dimensions), metric);
    }
  }
}

std::vector<std::int64_t> ids(const Result<std::vector<Neighbour>>& found) {
  REQUIRE(found);
  std::vector<std::int64_t> ids;
  for (const Neighbour& one : *found) ids.push_back(one.id);
  return ids;
}
using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("what is found is what comparing with every vector finds, for even and odd widths") {
  for (const std::size_t dimensions : {1, 3, 7, 8, 384, 1536}) {
    CAPTURE(dimensions);
    with_all(dimensions, [&](VectorIndex& index, Metric metric) {
      testing::Clusters clusters(dimensions, 5, 21);
      testing::Vectors vectors;
      for (std::int64_t id = 0; id < 60; ++id) {
        vectors[id * 7 - 100] = clusters.next();
        REQUIRE(index.put(id * 7 - 100, vectors[id * 7 - 100]));
      }
      CHECK(index.size() == 60);
      for (const std::size_t k : {1, 10, 60}) {
        const auto query = clusters.next();
        const auto found = index.nearest(query, k, nullptr);
        REQUIRE(found);
        testing::check_exact(*found, testing::nearest(vectors, metric, query, k), vectors, metric, query);
      }
    });
  }
}

TEST_CASE("puts, replacements and removals in any order leave what a map would hold") {
  constexpr std::size_t kWidth = 5;
  with_all(kWidth, [](VectorIndex& index, Metric metric) {
    std::mt19937 random(3);
    testing::Clusters clusters(kWidth, 4, 8);
    testing::Vectors vectors;
    const std::vector<std::vector<float>> common{clusters.next(), clusters.next(),
                                                 std::vector<float>(kWidth)};
    for (int step = 0; step < 1500; ++step) {
      const auto id = static_cast<std::int64_t>(random() % 120) - 60;
      // Grows, shrinks to nothing, grows again.
      const unsigned removals = step % 500 < 250 ? 2 : 9;
      if (random() % 10 < removals) {
        index.remove(id);
        vectors.erase(id);
      } else {
        // Often one that others have.
        vectors[id] = random() % 3 == 0 ? common[random() % common.size()] : clusters.next();
        REQUIRE(index.put(id, vectors[id]));
      }
      if (step % 500 == 499)
        for (std::int64_t any = -60; any < 60; ++any) {
          index.remove(any);
          vectors.erase(any);
        }
      REQUIRE(index.size() == vectors.size());
      if (step % 10 != 0) continue;
      const auto query = clusters.next();
      const IdFilter allowed = step % 20 == 0 ? IdFilter() : [](std::int64_t one) { return one % 3 == 0; };
      const auto found = index.nearest(query, 8, allowed);
      REQUIRE(found);
      testing::check_exact(*found, testing::nearest(vectors, metric, query, 8, allowed), vectors, metric,
                           query);
    }
  });
}

TEST_CASE("ids that share a vector come and go one by one") {
  with_all(2, [](VectorIndex& index, Metric) {
    const std::vector<float> one{1, 0}, other{0, 1};
    for (const std::int64_t id : {4, 2, 8, 6}) REQUIRE(index.put(id, one));
    REQUIRE(index.put(5, other));
    CHECK(index.size() == 5);
    CHECK(ids(index.nearest(one, 5, nullptr)) == Ids{2, 4, 6, 8, 5});
    CHECK(ids(index.nearest(one, 5, [](std::int64_t id) { return id > 5; })) == Ids{6, 8});
    index.remove(2);
    CHECK(ids(index.nearest(one, 2, nullptr)) == Ids{4, 6});
    REQUIRE(index.put(4, other));
    REQUIRE(index.put(8, std::vector<float>{0.5, 0.5}));
    CHECK(ids(index.nearest(other, 5, nullptr)) == Ids{4, 5, 8, 6});
    REQUIRE(index.put(6, other));
    index.remove(5);
    REQUIRE(index.put(5, one));
    CHECK(ids(index.nearest(one, 5, nullptr)) == Ids{5, 8, 4, 6});
    CHECK(index.size() == 4);
  });
}

TEST_CASE("equal scores come by id, whatever was put first") {
  with_all(2, [](VectorIndex& index, Metric) {
    for (const std::int64_t id : {5, -3, 9, 0, 7}) REQUIRE(index.put(id, std::vector<float>{1, 1}));
    CHECK(ids(index.nearest(std::vector<float>{1, 2}, 3, nullptr)) == Ids{-3, 0, 5});
    index.remove(-3);
    CHECK(ids(index.nearest(std::vector<float>{1, 2}, 3, nullptr)) == Ids{0, 5, 7});
  });
}

TEST_CASE("scores are cosines, inner products and distances with their sign turned") {
  const std::vector<float> vector{3, 4}, query{4, 3};
  for (const IndexKind kind : kKinds) {
    const auto score = [&](Metric metric) {
      auto index = make(kind, metric, 2);
      REQUIRE(index->put(1, vector));
      return index->nearest(query, 1, nullptr).value().at(0).score;
    };
    CHECK(score(Metric::cosine) == doctest::Approx(0.96));
    CHECK(score(Metric::inner_product) == 24);
    CHECK(score(Metric::l2) == doctest::Approx(-std::sqrt(2.0)));
  }
}

TEST_CASE("a vector of zeros scores 0 under cosine, as the query too, and is found between like and unlike") {
  for (const IndexKind kind : kKinds) {
    auto index = make(kind, Metric::cosine, 3);
    REQUIRE(index->put(1, std::vector<float>{0, 0, 0}));
    REQUIRE(index->put(2, std::vector<float>{-1, 0, 0}));
    REQUIRE(index->put(3, std::vector<float>{2, 0, 0}));
    const auto found = index->nearest(std::vector<float>{1, 0, 0}, 3, nullptr);
    REQUIRE(found);
    CHECK(*found == std::vector<Neighbour>{{3, 1}, {1, 0}, {2, -1}});
    const auto all_equal = index->nearest(std::vector<float>{0, 0, 0}, 3, nullptr);
    REQUIRE(all_equal);
    CHECK(*all_equal == std::vector<Neighbour>{{1, 0}, {2, 0}, {3, 0}});
  }
}

TEST_CASE("under cosine the length of a vector means nothing, be it next to nothing or enormous") {
  for (const IndexKind kind : kKinds) {
    auto index = make(kind, Metric::cosine, 2);
    REQUIRE(index->put(1, std::vector<float>{1e-45f, 0}));
    REQUIRE(index->put(2, std::vector<float>{3e38f, 3e38f}));
    const auto found = index->nearest(std::vector<float>{1e30f, 0}, 2, nullptr);
    REQUIRE(found);
    CHECK(found->at(0) == Neighbour{1, 1});
    CHECK(found->at(1).score == doctest::Approx(std::sqrt(0.5)));
  }
}

TEST_CASE("what is no vector is refused, and nothing changes") {
  with_all(3, [](VectorIndex& index, Metric metric) {
    REQUIRE(index.put(1, std::vector<float>{1, 2, 3}));
    std::vector<std::vector<float>> wrong = {
        {}, {1, 2}, {1, 2, 3, 4}, {1, kNaN, 3}, {kInfinity, 2, 3}, {1, 2, -kInfinity}};
    if (metric != Metric::cosine) wrong.push_back({2e18f, 0, 0});
    for (const auto& vector : wrong) {
      for (const std::int64_t id : {1, 2}) {
        const auto put = index.put(id, vector);
        REQUIRE_FALSE(put);
        CHECK(put.error().code == ErrorCode::invalid);
      }
      const auto found = index.nearest(vector, 1, nullptr);
      REQUIRE_FALSE(found);
      CHECK(found.error().code == ErrorCode::invalid);
    }
    CHECK(ids(index.nearest(std::vector<float>{1, 2, 3}, 9, nullptr)) == Ids{1});
  });
}

TEST_CASE("scores of the longest vectors there may be are numbers") {
  for (const IndexKind kind : kKinds) {
    for (const Metric metric : {Metric::inner_product, Metric::l2}) {
      auto index = make(kind, metric, 2);
      REQUIRE(index->put(1, std::vector<float>{9.9e17f, 0}));
      REQUIRE(index->put(2, std::vector<float>{-9.9e17f, 0}));
      const auto found = index->nearest(std::vector<float>{9.9e17f, 0}, 2, nullptr);
      REQUIRE(found);
      CHECK(found->at(0).id == 1);
      for (const Neighbour& one : *found) CHECK(std::isfinite(one.score));
    }
  }
}

TEST_CASE(
    "nothing is found where there is nothing, where nothing is asked for and where nothing is allowed") {
  with_all(2, [](VectorIndex& index, Metric) {
    const std::vector<float> query{1, 0};
    CHECK(ids(index.nearest(query, 5, nullptr)).empty());
    index.remove(1);
    REQUIRE(index.put(1, query));
    CHECK(ids(index.nearest(query, 0, nullptr)).empty());
    CHECK(ids(index.nearest(query, 5, [](std::int64_t) { return false; })).empty());
    CHECK(ids(index.nearest(query, std::numeric_limits<std::size_t>::max(), nullptr)) == Ids{1});
    index.remove(1);
    CHECK(index.size() == 0);
    CHECK(ids(index.nearest(query, 5, nullptr)).empty());
    REQUIRE(index.put(2, query));
    CHECK(ids(index.nearest(query, 5, nullptr)) == Ids{2});
  });
}

TEST_CASE("settings outside of what they may be are refused") {
  const auto refused = [](IndexSettings settings) {
    const auto made = make_index(settings, 0);
    return !made && made.error().code == ErrorCode::invalid;
  };
  CHECK(refused({.dimensions = 0}));
  CHECK(refused({.dimensions = limits::kIndexDimensions + 1}));
  CHECK(refused({.dimensions = 4, .hnsw = {.m = 3}}));
  CHECK(refused({.dimensions = 4, .hnsw = {.m = 65}}));
  CHECK(refused({.dimensions = 4, .hnsw = {.m = 16, .ef_construction = 15}}));
  CHECK(refused({.dimensions = 4, .hnsw = {.ef_construction = 4'001}}));
  CHECK(refused({.dimensions = 4, .hnsw = {.ef = 0}}));
  CHECK(refused({.dimensions = 4, .hnsw = {.ef = 10'001}}));
  CHECK_FALSE(refused({.dimensions = limits::kIndexDimensions}));
}

TEST_CASE(
    "without a kind set, the number of vectors decides, and a rebuild is due when it has changed enough") {
  IndexSettings settings{.dimensions = 2, .flat_vectors = 10};
  auto flat = make_index(settings, 10);
  auto graph = make_index(settings, 11);
  REQUIRE(flat);
  REQUIRE(graph);
  CHECK((*flat)->kind() == IndexKind::flat);
  CHECK((*graph)->kind() == IndexKind::hnsw);

  for (std::int64_t id = 0; id < 10; ++id)
    for (VectorIndex* index : {flat->get(), graph->get()})
      REQUIRE(index->put(id, std::vector<float>{1, static_cast<float>(id)}));
  CHECK_FALSE(rebuild_due(**flat, settings));
  CHECK_FALSE(rebuild_due(**graph, settings));
  REQUIRE((*flat)->put(10, std::vector<float>{1, 1}));
  CHECK(rebuild_due(**flat, settings));
  for (std::int64_t id = 0; id < 5; ++id) (*graph)->remove(id);
  CHECK_FALSE(rebuild_due(**graph, settings));
  (*graph)->remove(5);
  CHECK(rebuild_due(**graph, settings));

  settings.kind = IndexKind::flat;
  CHECK_FALSE(rebuild_due(**flat, settings));
  settings.kind = IndexKind::hnsw;
  CHECK(rebuild_due(**flat, settings));
}

TEST_CASE("a graph is worn when most of it is removed or was replaced, a flat index never") {
  auto graph = make(IndexKind::hnsw, Metric::l2, 1);
  auto flat = make(IndexKind::flat, Metric::l2, 1);
  for (VectorIndex* index : {graph.get(), flat.get()}) {
    for (std::int64_t id = 0; id < 10; ++id)
      REQUIRE(index->put(id, std::vector<float>{static_cast<float>(id)}));
    for (std::int64_t id = 0; id < 5; ++id) index->remove(id);
    CHECK_FALSE(index->worn());
    index->remove(5);
  }
  CHECK(graph->worn());
  CHECK_FALSE(flat->worn());

  auto other = make(IndexKind::hnsw, Metric::l2, 1);
  for (std::int64_t id = 0; id < 10; ++id)
    REQUIRE(other->put(id, std::vector<float>{static_cast<float>(id)}));
  for (int round = 0; round < 20; ++round) REQUIRE(other->put(3, std::vector<float>{3}));  // the same again
  CHECK_FALSE(other->worn());
  for (int i = 0; i < 11; ++i) REQUIRE(other->put(3, std::vector<float>{static_cast<float>(20 + i)}));
  CHECK(other->worn());
}
