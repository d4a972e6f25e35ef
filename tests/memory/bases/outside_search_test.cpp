#include "memory/knowledge/bases/base_index.h"
#include "runtime/sandbox/shared_memory.h"
#include "tests/fakes/run_loop.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <unistd.h>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kDimensions = 20;
constexpr std::int64_t kFirst = 1'000;  // ids are no row numbers

/// A clock that a test moves on.
class MovedClock final : public Clock {
 public:
  Instant now() const override { return SystemClock().now() + ahead; }
  std::int64_t wall_ms() const override { return SystemClock().wall_ms(); }
  Milliseconds ahead{0};
};

std::vector<float> vectors(std::size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count * kDimensions);
  for (float& value : values) value = static_cast<float>(random() >> 8) / 8388608.0F - 1;
  return values;
}

std::span<const float> row(const std::vector<float>& values, std::size_t i) {
  return std::span(values).subspan(i * kDimensions, kDimensions);
}

/// What the tests and the indexes that they make have in common.
struct Outside {
  using Rows = std::vector<std::uint32_t>;
  /// Makes an answer of a right one.
  std::function<Result<Rows>(Rows)> answer = [](Rows rows) -> Result<Rows> { return rows; };
  std::optional<Error> refusal;
  bool held = false;  ///< builds wait until they are stopped
  std::size_t builds = 0;
  std::size_t searches = 0;
  std::size_t filtered = 0;
  std::size_t living = 0;
};

/// Compares with every row that was shared.
class FakeIndex final : public OutsideIndex {
 public:
  FakeIndex(Outside& outside, const OutsideRows& rows)
      : outside_(outside), metric_(rows.metric), dimensions_(rows.dimensions) {
    auto view =
        sandbox::MemoryView::map(sandbox::Descriptor(::dup(rows.memory->descriptor())), rows.memory->size());
    REQUIRE(view);
    values_.resize(rows.count * rows.dimensions);
    REQUIRE(view->bytes().size() == values_.size() * sizeof(float));
    std::memcpy(values_.data(), view->bytes().data(), view->bytes().size());
    ++outside_.living;
  }
  ~FakeIndex() override { CHECK(closed_); }

  Task<Result<Outside::Rows>> nearest(std::vector<float> query, std::size_t count,
                                      std::string allowed) override {
    ++outside_.searches;
    outside_.filtered += allowed.empty() ? 0 : 1;
    REQUIRE(query.size() == dimensions_);
    Outside::Rows rows;
    for (std::uint32_t i = 0; i < values_.size() / dimensions_; ++i)
      if (allowed.empty() || (static_cast<unsigned char>(allowed[i / 8]) >> i % 8 & 1) != 0)
        rows.push_back(i);
    std::ranges::sort(rows, {}, [&](std::uint32_t i) { return distance(query, i); });
    rows.resize(std::min(rows.size(), count));
    co_return outside_.answer(std::move(rows));
  }
  Task<> close() override {
    closed_ = true;
    --outside_.living;
    co_return;
  }

 private:
  float distance(const std::vector<float>& query, std::uint32_t i) const {
    float sum = 0;
    for (std::size_t j = 0; j < dimensions_; ++j) {
      const float value = values_[i * dimensions_ + j];
      sum += metric_ == Metric::l2 ? (value - query[j]) * (value - query[j]) : -value * query[j];
    }
    return sum;
  }

  Outside& outside_;
  const Metric metric_;
  const std::size_t dimensions_;
  std::vector<float> values_;
  bool closed_ = false;
};

class FakeIndexes final : public OutsideIndexes {
 public:
  FakeIndexes(Loop& loop, Outside& outside) : loop_(loop), outside_(outside) {}

  Task<Result<std::unique_ptr<OutsideIndex>>> build(OutsideRows rows, Stop& stop) override {
    ++outside_.builds;
    if (outside_.held) {
      OneShot<bool> stopped(loop_);
      const auto hook = stop.on_request([&stopped] { stopped.set(true); });
      co_await stopped.wait();
      co_return fail(ErrorCode::cancelled, "stopped");
    }
    if (outside_.refusal) co_return fail(*outside_.refusal);
    co_return std::make_unique<FakeIndex>(outside_, rows);
  }
  bool same(const OutsideIndexes& other) const override { return &other == this; }

 private:
  Loop& loop_;
  Outside& outside_;
};

struct Stage {
  explicit Stage(Metric metric = Metric::cosine, std::size_t flat_vectors = 500) {
    settings = {.kind = IndexKind::flat,
                .plugin = "fake",
                .outside = {std::make_shared<FakeIndexes>(loop, outside)},
                .metric = metric,
                .dimensions = kDimensions,
                .flat_vectors = flat_vectors};
    auto made = BaseIndex::make({.loop = loop, .searching = workers, .building = building}, settings);
    REQUIRE(made);
    index = std::move(*made);
    IndexSettings flat = settings;
    flat.outside = {};
    auto exact = make_index(flat, 0);
    REQUIRE(exact);
    truth = std::move(*exact);
  }
  ~Stage() {
    fakes::run(loop, index->close());
    index.reset();
    CHECK(outside.living == 0);
  }

  /// Puts vectors under the ids from `first` on, and removes others.
  void change(const std::vector<float>& values, std::int64_t first, std::vector<std::int64_t> removed = {}) {
    std::vector<std::int64_t> ids(values.size() / kDimensions);
    std::iota(ids.begin(), ids.end(), first);
    for (std::int64_t id : removed) truth->remove(id);
    for (std::size_t i = 0; i < ids.size(); ++i) REQUIRE(truth->put(ids[i], row(values, i)));
    REQUIRE(fakes::run(loop, index->change(std::move(removed), std::move(ids), values)));
  }
  void build() {
    index->rebuild_if_due();
    fakes::run(loop, index->settled());
  }
  std::vector<Neighbour> find(std::span<const float> query, std::size_t k,
                              std::shared_ptr<const ChunkSet> allowed = nullptr) {
    auto found = fakes::run(loop, index->nearest({query.begin(), query.end()}, k, std::move(allowed)));
    REQUIRE(found);
    return *found;
  }
  std::vector<Neighbour> exact(std::span<const float> query, std::size_t k,
                               const ChunkSet* allowed = nullptr) const {
    auto found = truth->nearest(
        query, k,
        allowed ? IdFilter([allowed](std::int64_t id) { return allowed->contains(id); }) : IdFilter());
    REQUIRE(found);
    return *found;
  }

  MovedClock clock;
  Loop loop{clock};
  Workers workers{2};
  Workers building{1};
  Outside outside;
  IndexSettings settings;
  std::unique_ptr<BaseIndex> index;
  std::unique_ptr<VectorIndex> truth;
};

}  // namespace

TEST_CASE("what an index outside names is scored as a flat index scores, to the bit, by every metric") {
  for (const Metric metric : {Metric::cosine, Metric::inner_product, Metric::l2}) {
    CAPTURE(static_cast<int>(metric));
    Stage stage(metric);
    const auto values = vectors(1'000, 7);
    stage.change(values, kFirst);
    stage.build();
    REQUIRE(stage.index->helped());
    const auto queries = vectors(20, 8);
    for (std::size_t i = 0; i < 20; ++i)
      CHECK(stage.find(row(queries, i), 10) == stage.exact(row(queries, i), 10));
    CHECK(stage.outside.builds == 1);
    CHECK(stage.outside.searches == 20);
  }
}

TEST_CASE("what was put, replaced and removed since an index outside was built counts as it is now") {
  Stage stage;
  const auto values = vectors(1'000, 7);
  stage.change(values, kFirst);
  stage.build();
  const auto queries = vectors(10, 9);
  // The nearest of each query goes, another row becomes the query itself, a third one is new.
  std::vector<std::int64_t> removed;
  for (std::size_t i = 0; i < 10; ++i) removed.push_back(stage.exact(row(queries, i), 1).front().id);
  stage.change(queries, kFirst + 500, removed);
  stage.change(vectors(50, 10), kFirst + 5'000);
  for (std::size_t i = 0; i < 10; ++i) {
    const auto found = stage.find(row(queries, i), 5);
    CHECK(found == stage.exact(row(queries, i), 5));
    CHECK(found.front().id == kFirst + 500 + static_cast<std::int64_t>(i));
  }
  CHECK(stage.outside.searches == 10);
  CHECK(stage.outside.builds == 1);
}

TEST_CASE("a filter that lets many through is the index's to keep, one of few is compared with") {
  Stage stage;
  const auto values = vectors(2'000, 7);
  stage.change(values, kFirst);
  stage.build();
  auto many = std::make_shared<ChunkSet>(kFirst, kFirst + 1'999);
  auto few = std::make_shared<ChunkSet>(kFirst, kFirst + 1'999);
  for (std::int64_t id = kFirst; id < kFirst + 2'000; id += 2) many->add(id);
  for (std::int64_t id = kFirst; id < kFirst + 2'000; id += 100) few->add(id);
  const auto queries = vectors(10, 9);
  for (std::size_t i = 0; i < 10; ++i) {
    CHECK(stage.find(row(queries, i), 10, many) == stage.exact(row(queries, i), 10, many.get()));
    CHECK(stage.find(row(queries, i), 10, few) == stage.exact(row(queries, i), 10, few.get()));
  }
  CHECK(stage.outside.searches == 10);
  CHECK(stage.outside.filtered == 10);
}

TEST_CASE(
    "an index outside that answers nonsense is ended, searches are right all the same, and it is built "
    "again after a pause that grows") {
  using Rows = Outside::Rows;
  const std::pair<const char*, std::function<Result<Rows>(Rows)>> kWrong[] = {
      {"unknown", [](Rows rows) -> Result<Rows> { return rows.front() = 1'000'000, rows; }},
      {"one too far", [](Rows rows) -> Result<Rows> { return rows.front() = 1'000, rows; }},
      {"twice", [](Rows rows) -> Result<Rows> { return rows.back() = rows.front(), rows; }},
      {"too many", [](Rows rows) -> Result<Rows> { return rows.push_back(999), rows; }},
      {"a crash", [](Rows) -> Result<Rows> { return fail(ErrorCode::tool, "it crashed"); }},
      {"a hang", [](Rows) -> Result<Rows> { return fail(ErrorCode::timeout, "it did not answer"); }}};
  for (const auto& [what, wrong] : kWrong) {
    CAPTURE(what);
    Stage stage;
    stage.change(vectors(1'000, 7), kFirst);
    stage.build();
    const auto query = vectors(1, 9);
    stage.outside.answer = wrong;
    CHECK(stage.find(query, 10) == stage.exact(query, 10));
    CHECK_FALSE(stage.index->helped());
    CHECK(stage.find(query, 10) == stage.exact(query, 10));
    CHECK(stage.outside.searches == 1);
    CHECK(stage.outside.builds == 1);

    stage.clock.ahead += 1'001ms;
    CHECK(stage.find(query, 10) == stage.exact(query, 10));
    fakes::run(stage.loop, stage.index->settled());
    CHECK(stage.index->helped());
    CHECK(stage.outside.builds == 2);
    CHECK(stage.find(query, 10) == stage.exact(query, 10));
    stage.clock.ahead += 1'500ms;
    stage.build();
    CHECK(stage.outside.builds == 2);
    stage.clock.ahead += 501ms;
    stage.outside.answer = [](Rows rows) -> Result<Rows> { return rows; };
    stage.build();
    CHECK(stage.outside.builds == 3);
    CHECK(stage.find(query, 10) == stage.exact(query, 10));
    CHECK(stage.index->helped());
  }
}

TEST_CASE("one that names a row the filter does not let through is not believed") {
  Stage stage;
  stage.change(vectors(2'000, 7), kFirst);
  stage.build();
  auto odd = std::make_shared<ChunkSet>(kFirst, kFirst + 1'999);
  for (std::int64_t id = kFirst + 1; id < kFirst + 2'000; id += 2) odd->add(id);
  stage.outside.answer = [](Outside::Rows rows) -> Result<Outside::Rows> {
    for (auto& one : rows) one ^= 1U;
    return rows;
  };
  const auto query = vectors(1, 9);
  CHECK(stage.find(query, 10, odd) == stage.exact(query, 10, odd.get()));
  CHECK_FALSE(stage.index->helped());
}

TEST_CASE("one that is too busy is left in peace, and one that finds too little is no obstacle") {
  Stage stage;
  stage.change(vectors(1'000, 7), kFirst);
  stage.build();
  const auto query = vectors(1, 9);
  stage.outside.answer = [](Outside::Rows) -> Result<Outside::Rows> { return fail(ErrorCode::busy, "busy"); };
  CHECK(stage.find(query, 10) == stage.exact(query, 10));
  CHECK(stage.index->helped());
  stage.outside.answer = [](Outside::Rows rows) -> Result<Outside::Rows> { return rows.resize(9), rows; };
  CHECK(stage.find(query, 10) == stage.exact(query, 10));
  stage.outside.answer = [](Outside::Rows) -> Result<Outside::Rows> { return Outside::Rows(); };
  CHECK(stage.find(query, 10) == stage.exact(query, 10));
  CHECK(stage.index->helped());
  CHECK(stage.find(query, 1'500).size() == 1'000);
  CHECK(stage.find(query, 0).empty());
}

TEST_CASE("a query that cannot be compared is an error, whoever searches") {
  Stage stage;
  stage.change(vectors(1'000, 7), kFirst);
  stage.build();
  for (const auto& query : {std::vector<float>(kDimensions + 1),
                            std::vector<float>(kDimensions, std::numeric_limits<float>::quiet_NaN())}) {
    const auto found = fakes::run(stage.loop, stage.index->nearest(query, 3, nullptr));
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::invalid);
  }
  CHECK(stage.index->helped());
}

TEST_CASE(
    "few vectors are compared with; an index outside is built when there are many, and ended when few "
    "are left") {
  Stage stage;
  stage.change(vectors(500, 7), kFirst);
  stage.build();
  CHECK(stage.outside.builds == 0);
  stage.change(vectors(1, 8), kFirst + 500);
  stage.build();
  CHECK(stage.outside.builds == 1);
  CHECK(stage.index->helped());
  std::vector<std::int64_t> gone(300);
  std::iota(gone.begin(), gone.end(), kFirst);
  stage.change({}, 0, gone);
  stage.build();
  CHECK_FALSE(stage.index->helped());
  CHECK(stage.outside.living == 0);
}

TEST_CASE("it is built again, beside the one there is, when much has changed") {
  Stage stage;
  stage.change(vectors(2'000, 7), kFirst);
  stage.build();
  stage.change(vectors(1'000, 8), kFirst + 2'000);
  stage.build();
  CHECK(stage.outside.builds == 1);
  stage.change(vectors(101, 9), kFirst + 1'800);
  stage.build();
  CHECK(stage.outside.builds == 2);
  CHECK(stage.outside.living == 1);
  const auto queries = vectors(10, 10);
  for (std::size_t i = 0; i < 10; ++i)
    CHECK(stage.find(row(queries, i), 10) == stage.exact(row(queries, i), 10));
}

TEST_CASE("one that cannot be built of these vectors is tried again when there are twice as many") {
  Stage stage;
  stage.outside.refusal = Error{ErrorCode::invalid, "too few to train"};
  stage.change(vectors(600, 7), kFirst);
  stage.build();
  CHECK(stage.outside.builds == 1);
  stage.clock.ahead += 1h;
  stage.build();
  CHECK(stage.outside.builds == 1);
  const auto query = vectors(1, 9);
  CHECK(stage.find(query, 10) == stage.exact(query, 10));
  stage.outside.refusal.reset();
  stage.change(vectors(600, 8), kFirst + 600);
  stage.build();
  CHECK(stage.outside.builds == 2);
  CHECK(stage.index->helped());
}

TEST_CASE("the end does not wait for a build") {
  Stage stage;
  stage.outside.held = true;
  stage.change(vectors(1'000, 7), kFirst);
  stage.index->rebuild_if_due();
  const auto query = vectors(1, 9);
  CHECK(stage.find(query, 10) == stage.exact(query, 10));
  CHECK(stage.index->rebuilding());
}

TEST_CASE("settings are equal when an index of one may stand for one of the other") {
  Stage stage;
  IndexSettings same = stage.settings;
  CHECK(same == stage.settings);
  same.outside = {};
  CHECK(same != stage.settings);
  same.outside = {std::make_shared<FakeIndexes>(stage.loop, stage.outside)};
  CHECK(same != stage.settings);
}
