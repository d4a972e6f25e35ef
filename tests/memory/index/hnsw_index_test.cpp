#include "memory/knowledge/index/hnsw_index.h"

#include "memory/knowledge/index/vector_indexes.h"
#include "tests/memory/index/vectors.h"

#include <thread>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

// Graphs of so many vectors that they are walked rather than scanned.
namespace {

constexpr std::size_t kWidth = 16;
constexpr std::size_t kClusters = 60;
constexpr std::int64_t kCount = 3'000;
constexpr HnswSettings kSettings{.m = 10, .ef_construction = 50, .ef = 14};

/// A graph, and what it should know.
struct Known {
  explicit Known(Metric of = Metric::cosine) : metric(of), clusters(kWidth, kClusters, 17) {
    auto made =
        make_index({.kind = IndexKind::hnsw, .metric = of, .dimensions = kWidth, .hnsw = kSettings}, 0);
    REQUIRE(made);
    index = std::move(*made);
  }

  void put(std::int64_t id, std::vector<float> vector) {
    REQUIRE(index->put(id, vector));
    vectors[id] = std::move(vector);
  }
  void remove(std::int64_t id) {
    index->remove(id);
    vectors.erase(id);
  }
  void fill() {
    for (std::int64_t id = 0; id < kCount; ++id) put(id, clusters.next());
  }

  /// The mean over some queries; every answer is checked to be of ids that are there and allowed.
  double recall(const IdFilter& allowed = nullptr, std::size_t k = 10) {
    double sum = 0;
    constexpr int kQueries = 40;
    for (int i = 0; i < kQueries; ++i) {
      const auto query = clusters.next();
      const auto found = index->nearest(query, k, allowed);
      REQUIRE(found);
      for (const Neighbour& one : *found) {
        REQUIRE(vectors.contains(one.id));
        if (allowed) REQUIRE(allowed(one.id));
        CHECK(std::abs(one.score - testing::score(metric, query, vectors[one.id])) <
              1e-5 * (1 + std::abs(one.score)));
      }
      const auto right = testing::nearest(vectors, metric, query, k, allowed);
      CHECK(found->size() == right.size());
      sum += testing::recall(*found, right);
    }
    return sum / kQueries;
  }

  Metric metric;
  testing::Clusters clusters;
  testing::Vectors vectors;
  std::unique_ptr<VectorIndex> index;
};

/// One that nobody changes: building it takes most of a test's time.
Known& filled() {
  static Known known = [] {
    Known made;
    for (std::int64_t id = 0; id < kCount; ++id)
      made.put(id, made.clusters.near(static_cast<std::size_t>(id) % kClusters));
    return made;
  }();
  return known;
}

}  // namespace

TEST_CASE("a graph finds nearly all of the nearest, by every metric") {
  for (const Metric metric : {Metric::cosine, Metric::inner_product, Metric::l2}) {
    CAPTURE(static_cast<int>(metric));
    Known known(metric);
    known.fill();
    CHECK(known.index->size() == kCount);
    CHECK(known.recall() > 0.97);
  }
}

TEST_CASE("with a filter a graph finds as much as without, however few it lets through") {
  for (const int every : {1, 2, 10, 100, 1000}) {
    CAPTURE(every);
    const double recall =
        filled().recall([every](std::int64_t id) { return id * 7919 % kCount % every == 0; });
    CHECK(recall > (every < 10 ? 0.97 : 0.9999));  // a walk, or a comparison with all that are allowed
  }
}

TEST_CASE("a walk asks the filter about few ids, a comparison with all about each") {
  const auto asked = [](int every) {
    std::size_t times = 0;
    const auto found =
        filled().index->nearest(filled().clusters.next(), 10, [&times, every](std::int64_t id) {
          ++times;
          return id % every == 0;
        });
    REQUIRE(found);
    return times;
  };
  CHECK(asked(2) < kCount / 2);
  CHECK(asked(100) >= kCount);
}

TEST_CASE("a filter that hides everything near the query does not hide what is far") {
  const IdFilter allowed = [](std::int64_t id) {
    return static_cast<std::size_t>(id) % kClusters < kClusters * 2 / 3;
  };
  double sum = 0;
  int asked = 0;
  for (std::size_t cluster = kClusters * 2 / 3; cluster < kClusters; ++cluster, ++asked) {
    const auto query = filled().clusters.near(cluster);
    const auto found = filled().index->nearest(query, 10, allowed);
    REQUIRE(found);
    sum += testing::recall(*found, testing::nearest(filled().vectors, filled().metric, query, 10, allowed));
  }
  CHECK(sum / asked > 0.95);
}

TEST_CASE("asking for many neighbours, or all, gives as many, exactly") {
  for (const std::size_t k : {std::size_t{1'000}, std::size_t{kCount}, std::size_t{kCount} * 2}) {
    const auto query = filled().clusters.next();
    const auto found = filled().index->nearest(query, k, nullptr);
    REQUIRE(found);
    testing::check_exact(*found, testing::nearest(filled().vectors, filled().metric, query, k),
                         filled().vectors, filled().metric, query);
  }
}

TEST_CASE("what is removed is not found, and what takes its place in the graph is") {
  Known known;
  known.fill();
  for (std::int64_t id = 0; id < kCount; id += 4) known.remove(id);
  CHECK(known.index->size() == kCount * 3 / 4);
  CHECK(known.recall() > 0.97);
  for (std::int64_t id = 0; id < kCount / 4; ++id) known.put(kCount + id, known.clusters.next());
  CHECK(known.index->size() == kCount);
  CHECK(known.recall() > 0.97);
  CHECK_FALSE(known.index->worn());
}

TEST_CASE("a graph of which everything was replaced once still finds nearly all") {
  Known known;
  known.fill();
  for (std::int64_t id = 0; id < kCount; ++id) known.put(id, known.clusters.next());
  CHECK(known.index->size() == kCount);
  CHECK(known.recall() > 0.95);
}

TEST_CASE("a graph of which everything was removed begins again") {
  Known known;
  known.fill();
  for (std::int64_t id = 0; id < kCount; ++id) known.remove(id);
  CHECK(known.index->worn());
  CHECK(known.index->size() == 0);
  known.fill();
  CHECK(known.recall() > 0.97);
  CHECK_FALSE(known.index->worn());
}

// As one record each, they cannot fill each other's links; as records of their own they took every fifth
// answer.
TEST_CASE("many equal vectors, and many of zeros, hide nobody and are all found") {
  Known known;
  const std::vector<float> ones(kWidth, 1), zeros(kWidth);
  for (std::int64_t id = 0; id < kCount + 1'000; ++id)
    known.put(id, id % 8 == 0 ? zeros : id % 8 == 1 ? ones : known.clusters.next());
  CHECK(known.recall() > 0.97);

  const auto equal = known.index->nearest(ones, 500, [](std::int64_t id) { return id % 16 == 1; });
  REQUIRE(equal);
  REQUIRE(equal->size() == 250);
  for (std::size_t i = 0; i < equal->size(); ++i)
    CHECK(equal->at(i).id == static_cast<std::int64_t>(i) * 16 + 1);
  const auto zero = known.index->nearest(zeros, 3, nullptr);
  REQUIRE(zero);
  CHECK(*zero == std::vector<Neighbour>{{0, 0}, {1, 0}, {2, 0}});
}

TEST_CASE("the same puts and removals make the same graph") {
  Known one, other;
  for (Known* known : {&one, &other}) {
    for (std::int64_t id = 0; id < 2'300; ++id) known->put(id, known->clusters.next());
    for (std::int64_t id = 0; id < 200; ++id) known->remove(id * 3);
    for (std::int64_t id = 0; id < 200; ++id) known->put(kCount + id, known->clusters.next());
  }
  for (int i = 0; i < 30; ++i) {
    const auto query = one.clusters.next();
    const auto a = one.index->nearest(query, 10, nullptr), b = other.index->nearest(query, 10, nullptr);
    REQUIRE(a);
    REQUIRE(b);
    CHECK(*a == *b);
  }
}

TEST_CASE("searches beside each other find what they find alone") {
  constexpr std::size_t kThreads = 4, kEach = 50;
  const VectorIndex& index = *filled().index;
  const IdFilter filters[] = {nullptr, [](std::int64_t id) { return id % 2 == 0; },
                              [](std::int64_t id) { return id % 50 == 0; }};
  std::vector<std::vector<float>> queries;
  std::vector<std::vector<Neighbour>> alone;
  for (std::size_t i = 0; i < kEach; ++i) {
    queries.push_back(filled().clusters.next());
    alone.push_back(index.nearest(queries[i], 10, filters[i % 3]).value());
  }
  std::vector<std::size_t> same(kThreads);
  {
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < kThreads; ++thread)
      threads.emplace_back([&, thread] {
        for (std::size_t i = 0; i < kEach; ++i)
          same[thread] += index.nearest(queries[i], 10, filters[i % 3]) == alone[i] ? 1 : 0;
      });
  }
  for (std::size_t count : same) CHECK(count == kEach);
}
