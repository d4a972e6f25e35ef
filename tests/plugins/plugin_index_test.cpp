#include "plugins/plugin_index.h"

#include "plugins/check/validator.h"
#include "tests/plugins/index_world.h"

using namespace troupe;
using namespace troupe::plugins;
using namespace troupe::plugins::testing;

TEST_CASE("a plugin's index reads the vectors in shared memory and finds what comparing with all finds") {
  for (const memory::Metric metric :
       {memory::Metric::cosine, memory::Metric::inner_product, memory::Metric::l2}) {
    CAPTURE(static_cast<int>(metric));
    IndexWorld world(TROUPE_INDEX_PLUGIN, "p/compared", Json::object(), metric);
    REQUIRE(world.made);
    world.put(vectors(2'000, 3), 10);
    world.build();
    REQUIRE(world.index->helped());
    auto even = std::make_shared<memory::ChunkSet>(10, 2'009);
    for (std::int64_t id = 10; id < 2'010; id += 2) even->add(id);
    const auto queries = vectors(10, 4);
    for (std::size_t i = 0; i < 10; ++i) {
      const auto query = std::span(queries).subspan(i * kDimensions, kDimensions);
      CHECK(world.find(query, 10) == world.exact(query, 10));
      CHECK(world.find(query, 10, even) == world.exact(query, 10, even.get()));
    }
    world.put(queries, 5'000);
    const auto query = std::span(queries).first(kDimensions);
    CHECK(world.find(query, 3) == world.exact(query, 3));
    if (metric != memory::Metric::inner_product) CHECK(world.find(query, 1).front().id == 5'000);
    CHECK(world.index->helped());
  }
}

TEST_CASE("whatever a plugin's index does wrong in a search, what is found is right, and it is ended") {
  for (const std::string wrong : {"crash", "unknown", "twice", "many", "filter", "hang"}) {
    CAPTURE(wrong);
    IndexWorld world(TROUPE_INDEX_PLUGIN, "p/compared", {{"wrong", wrong}, {"after", 2}});
    REQUIRE(world.made);
    world.put(vectors(1'000, 3), 1);
    world.build();
    REQUIRE(world.index->helped());
    auto odd = std::make_shared<memory::ChunkSet>(1, 1'000);
    for (std::int64_t id = 1; id <= 1'000; id += 2) odd->add(id);
    const auto query = vectors(1, 4);
    for (int i = 0; i < 2; ++i) CHECK(world.find(query, 10, odd) == world.exact(query, 10, odd.get()));
    CHECK(world.index->helped());
    for (int i = 0; i < 3; ++i) CHECK(world.find(query, 10, odd) == world.exact(query, 10, odd.get()));
    CHECK_FALSE(world.index->helped());
  }
}

TEST_CASE("an index that finds nothing costs nobody anything but time") {
  IndexWorld world(TROUPE_INDEX_PLUGIN, "p/compared", {{"wrong", "none"}});
  REQUIRE(world.made);
  world.put(vectors(1'000, 3), 1);
  world.build();
  const auto query = vectors(1, 4);
  CHECK(world.find(query, 10) == world.exact(query, 10));
  CHECK(world.index->helped());
}

TEST_CASE("answers that are no numbers are not believed") {
  IndexWorld world(TROUPE_INDEX_PLUGIN, "p/odd", Json::object());
  REQUIRE(world.made);
  world.put(vectors(1'000, 3), 1);
  world.build();
  REQUIRE(world.index->helped());
  const auto query = vectors(1, 4);
  CHECK(world.find(query, 10) == world.exact(query, 10));
  CHECK_FALSE(world.index->helped());
}

TEST_CASE("a build that crashes, is refused or writes to the vectors leaves the search as it is") {
  for (const std::string wrong : {"build crash", "build refusal", "build write"}) {
    CAPTURE(wrong);
    IndexWorld world(TROUPE_INDEX_PLUGIN, "p/compared", {{"wrong", wrong}});
    REQUIRE(world.made);
    world.put(vectors(1'000, 3), 1);
    world.build();
    CHECK_FALSE(world.index->helped());
    const auto query = vectors(1, 4);
    CHECK(world.find(query, 10) == world.exact(query, 10));
  }
}

TEST_CASE("the end kills a build that hangs, and searches go on meanwhile") {
  IndexWorld world(TROUPE_INDEX_PLUGIN, "p/compared", {{"wrong", "build hang"}});
  REQUIRE(world.made);
  world.put(vectors(1'000, 3), 1);
  world.index->rebuild_if_due();
  const auto query = vectors(1, 4);
  CHECK(world.find(query, 10) == world.exact(query, 10));
  CHECK(world.index->rebuilding());
}

TEST_CASE("searches at once take turns, and all are right") {
  IndexWorld world(TROUPE_INDEX_PLUGIN, "p/compared", Json::object());
  REQUIRE(world.made);
  world.put(vectors(2'000, 3), 1);
  world.build();
  const auto queries = vectors(60, 4);
  std::vector<IndexWorld::Found> found(60);
  auto all = [&]() -> Task<> {
    Nursery nursery(world.loop);
    for (std::size_t i = 0; i < 60; ++i)
      nursery.spawn("a search of many", [&, i]() -> Task<> {
        const auto query = std::span(queries).subspan(i * kDimensions, kDimensions);
        auto one = co_await world.index->nearest({query.begin(), query.end()}, 5, nullptr);
        if (one) found[i] = std::move(*one);
      });
    co_await nursery.join();
  };
  fakes::run(world.loop, all());
  for (std::size_t i = 0; i < 60; ++i)
    CHECK(found[i] == world.exact(std::span(queries).subspan(i * kDimensions, kDimensions), 5));
  CHECK(world.index->helped());
}

TEST_CASE("an index that a plugin does not have, or options that it does not take, are refused by name") {
  const auto why = [](const std::string& service, Json options, PluginSettings settings = {}) {
    IndexWorld world(TROUPE_INDEX_PLUGIN, service, std::move(options), memory::Metric::cosine, kDimensions,
                     std::move(settings));
    return world.made ? std::string() : world.made.error().message;
  };
  CHECK(why("p/compared", Json::object()).empty());
  CHECK(why("q", Json::object()).contains("there is no plugin `q`"));
  CHECK(why("p", Json::object()).contains("say which with `plugin/p/SERVICE`: "));
  CHECK(why("p/other", Json::object()).contains("has no index `other`"));
  CHECK(why("p/words", Json::object()).contains("has no index `words`. It has: "));
  CHECK(why("p/compared", {{"factory", "Flat"}}).contains("its `options`"));
  CHECK(why("p/odd", {{"factory", "Flat"}}).contains("it takes no `options`"));
  CHECK(why("p/compared", Json::object(), {.isolation = "none"}).contains("leave out `isolation: none`"));
}

namespace {

std::vector<Finding> findings(const std::string& library, Json options) {
  SystemClock clock;
  Loop loop(clock);
  std::vector<Finding> all;
  ValidatorOptions wanted{.instance = {.name = "p"}, .repeats = 60};
  wanted.inputs["compared"] = std::move(options);
  const LineMaker make = process_lines(loop, worker_cage({.path = library}));
  fakes::run(
      loop, validate(loop, make, std::move(wanted), [&](const Finding& finding) { all.push_back(finding); }));
  return all;
}

std::string told(const std::vector<Finding>& all, Finding::Kind kind, std::string_view words) {
  for (const Finding& finding : all)
    if (finding.kind == kind && finding.text.contains(words)) return finding.text;
  return "";
}

}  // namespace

TEST_CASE("`troupe plugin check` builds an index, asks it, and tells how much it finds") {
  const auto good = findings(TROUPE_INDEX_PLUGIN, Json::object());
  CHECK(told(good, Finding::Kind::good, "index `compared`").contains("finds 100 % of the 10 nearest"));
  CHECK(told(good, Finding::Kind::problem, "index `odd`").contains("no numbers"));
  for (const auto& [wrong, words] : {std::pair("filter", "whose bit is 0"), std::pair("twice", "twice"),
                                     std::pair("many", "11 rows where 10"), std::pair("crash", "search 1")}) {
    CAPTURE(wrong);
    const auto all = findings(TROUPE_INDEX_PLUGIN, {{"wrong", wrong}});
    CHECK_FALSE(told(all, Finding::Kind::problem, words).empty());
  }
  const auto refused = findings(TROUPE_INDEX_PLUGIN, {{"wrong", "build refusal"}});
  CHECK(told(refused, Finding::Kind::skipped, "index `compared`").contains("too few vectors"));
}
