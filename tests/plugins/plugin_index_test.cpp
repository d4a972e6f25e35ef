#include "plugins/plugin_index.h"

#include "memory/knowledge/bases/base_index.h"
#include "plugins/check/validator.h"
#include "tests/fakes/temp_dir.h"
#include "tests/plugins/plugin_stage.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <numeric>
#include <random>
#include <span>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kDimensions = 24;

bool has(const std::string& text, std::string_view words) {
  return text.find(words) != std::string::npos;
}

/// Around centres, as vectors of texts are.
std::vector<float> vectors(std::size_t count, unsigned seed, std::size_t dimensions = kDimensions) {
  constexpr std::size_t kCentres = 50;
  std::mt19937 of_centres(1);
  std::mt19937 random(seed);
  const auto unit = [](std::mt19937& from) { return static_cast<float>(from() >> 8) / 8388608.0F - 1; };
  std::vector<float> centres(kCentres * dimensions);
  for (float& value : centres) value = unit(of_centres);
  std::vector<float> values(count * dimensions);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t centre = random() % kCentres;
    for (std::size_t j = 0; j < dimensions; ++j)
      values[i * dimensions + j] = centres[centre * dimensions + j] + 0.5F * unit(random);
  }
  return values;
}

/// A base's index with one of a plugin beside it, as a daemon has it.
class World {
 public:
  explicit World(const std::string& library, const std::string& service, Json options,
                 memory::Metric metric = memory::Metric::cosine, std::size_t dimensions = kDimensions,
                 PluginSettings wanted = {}) {
    fs::permissions(folder.path(), fs::perms(0755));
    fs::copy_file(library, folder.path() / "plugin.so");
    fs::permissions(folder.path() / "plugin.so", fs::perms(0755));
    wanted.name = "p";
    wanted.path = (folder.path() / "plugin.so").string();
    Stop stop;
    auto adopted = fakes::run(loop, plugins.adopt({wanted}, *http, stop));
    REQUIRE_MESSAGE(adopted, (adopted ? "" : adopted.error().message));
    table = std::move(*adopted);
    made = make_plugin_indexes(loop, service, options, table);
    if (!made) return;
    settings = {.kind = memory::IndexKind::flat,
                .plugin = service,
                .options = std::move(options),
                .outside = {*made},
                .metric = metric,
                .dimensions = dimensions,
                .flat_vectors = 100};
    auto one = memory::BaseIndex::make({.loop = loop, .searching = workers, .building = building}, settings);
    REQUIRE(one);
    index = std::move(*one);
    memory::IndexSettings flat = settings;
    flat.outside = {};
    auto exact_one = memory::make_index(flat, 0);
    REQUIRE(exact_one);
    truth = std::move(*exact_one);
  }
  ~World() {
    if (index) fakes::run(loop, index->close());
    index.reset();
    settings.outside = {};
    made = fail(ErrorCode::cancelled, "");
    table.clear();
    fakes::run(loop, plugins.close());
  }

  void put(const std::vector<float>& values, std::int64_t first) {
    std::vector<std::int64_t> ids(values.size() / settings.dimensions);
    std::iota(ids.begin(), ids.end(), first);
    for (std::size_t i = 0; i < ids.size(); ++i)
      REQUIRE(truth->put(ids[i], std::span(values).subspan(i * settings.dimensions, settings.dimensions)));
    REQUIRE(fakes::run(loop, index->change({}, std::move(ids), values)));
  }
  void build() {
    index->rebuild_if_due();
    fakes::run(loop, index->settled());
  }
  using Found = std::vector<memory::Neighbour>;
  Found find(std::span<const float> query, std::size_t k,
             std::shared_ptr<const memory::ChunkSet> allowed = nullptr) {
    auto found = fakes::run(loop, index->nearest({query.begin(), query.end()}, k, std::move(allowed)));
    REQUIRE(found);
    return *found;
  }
  Found exact(std::span<const float> query, std::size_t k, const memory::ChunkSet* allowed = nullptr) {
    auto found = truth->nearest(
        query, k,
        allowed ? memory::IdFilter([allowed](std::int64_t id) { return allowed->contains(id); }) : nullptr);
    REQUIRE(found);
    return *found;
  }

  fakes::TempDir folder;
  SystemClock clock;
  Loop loop{clock};
  Workers workers{2};
  Workers building{1};
  std::unique_ptr<net::HttpClient> http = net::make_curl_client(loop, {}, net::Guarding::guarded);
  const sandbox::Support support = sandbox::probe();
  PluginFolder copies{(folder.path() / "copies").string()};
  Plugins plugins{{.loop = loop,
                   .support = [this]() -> const sandbox::Support& { return support; },
                   .folder = copies,
                   .program =
                       [](const std::string& library) {
                         sandbox::Program program = worker_program(library);
                         program.path = readable_copy(TROUPE_PLUGIN_WORKER);
                         program.environment = {
                             "ASAN_OPTIONS=detect_leaks=0:handle_segv=0:allow_user_segv_handler=1"};
                         return program;
                       }}};
  PluginTable table;
  Result<std::shared_ptr<memory::OutsideIndexes>> made = fail(ErrorCode::cancelled, "");
  memory::IndexSettings settings;
  std::unique_ptr<memory::BaseIndex> index;
  std::unique_ptr<memory::VectorIndex> truth;
};

}  // namespace

TEST_CASE("a plugin's index reads the vectors in shared memory and finds what comparing with all finds") {
  for (const memory::Metric metric :
       {memory::Metric::cosine, memory::Metric::inner_product, memory::Metric::l2}) {
    CAPTURE(static_cast<int>(metric));
    World world(TROUPE_INDEX_PLUGIN, "p/compared", Json::object(), metric);
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
    CHECK(world.find(std::span(queries).first(kDimensions), 1).front().id == 5'000);
    CHECK(world.index->helped());
  }
}

TEST_CASE("whatever a plugin's index does wrong in a search, what is found is right, and it is ended") {
  for (const char* wrong : {"crash", "unknown", "twice", "many", "filter", "hang"}) {
    CAPTURE(wrong);
    World world(TROUPE_INDEX_PLUGIN, "p/compared", {{"wrong", wrong}, {"after", 2}});
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
  World world(TROUPE_INDEX_PLUGIN, "p/compared", {{"wrong", "none"}});
  REQUIRE(world.made);
  world.put(vectors(1'000, 3), 1);
  world.build();
  const auto query = vectors(1, 4);
  CHECK(world.find(query, 10) == world.exact(query, 10));
  CHECK(world.index->helped());
}

TEST_CASE("answers that are no numbers are not believed") {
  World world(TROUPE_INDEX_PLUGIN, "p/odd", Json::object());
  REQUIRE(world.made);
  world.put(vectors(1'000, 3), 1);
  world.build();
  REQUIRE(world.index->helped());
  const auto query = vectors(1, 4);
  CHECK(world.find(query, 10) == world.exact(query, 10));
  CHECK_FALSE(world.index->helped());
}

TEST_CASE("a build that crashes, is refused or writes to the vectors leaves the search as it is") {
  for (const char* wrong : {"build crash", "build refusal", "build write"}) {
    CAPTURE(wrong);
    World world(TROUPE_INDEX_PLUGIN, "p/compared", {{"wrong", wrong}});
    REQUIRE(world.made);
    world.put(vectors(1'000, 3), 1);
    world.build();
    CHECK_FALSE(world.index->helped());
    const auto query = vectors(1, 4);
    CHECK(world.find(query, 10) == world.exact(query, 10));
  }
}

TEST_CASE("the end kills a build that hangs, and searches go on meanwhile") {
  World world(TROUPE_INDEX_PLUGIN, "p/compared", {{"wrong", "build hang"}});
  REQUIRE(world.made);
  world.put(vectors(1'000, 3), 1);
  world.index->rebuild_if_due();
  const auto query = vectors(1, 4);
  CHECK(world.find(query, 10) == world.exact(query, 10));
  CHECK(world.index->rebuilding());
}

TEST_CASE("searches at once take turns, and all are right") {
  World world(TROUPE_INDEX_PLUGIN, "p/compared", Json::object());
  REQUIRE(world.made);
  world.put(vectors(2'000, 3), 1);
  world.build();
  const auto queries = vectors(60, 4);
  std::vector<World::Found> found(60);
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
    World world(TROUPE_INDEX_PLUGIN, service, std::move(options), memory::Metric::cosine, kDimensions,
                std::move(settings));
    return world.made ? std::string() : world.made.error().message;
  };
  CHECK(why("p/compared", Json::object()).empty());
  CHECK(has(why("q", Json::object()), "there is no plugin `q`"));
  CHECK(has(why("p", Json::object()), "several indexes: write plugin/p/ and one of"));
  CHECK(has(why("p/other", Json::object()), "has no index `other`"));
  CHECK(has(why("p/words", Json::object()), "has no index `words`"));
  CHECK(has(why("p/compared", {{"factory", "Flat"}}), "its `options`"));
  CHECK(has(why("p/odd", {{"factory", "Flat"}}), "it takes no `options`"));
  CHECK(has(why("p/compared", Json::object(), {.isolation = "none"}), "leave out `isolation: none`"));
}

namespace {

std::vector<Finding> findings(const std::string& library, Json options) {
  SystemClock clock;
  Loop loop(clock);
  std::vector<Finding> all;
  ValidatorOptions wanted{.instance = {.name = "p"}, .repeats = 60};
  wanted.inputs["compared"] = options;
  wanted.inputs["faiss"] = std::move(options);
  const LineMaker make = process_lines(loop, worker_cage({.path = library}));
  fakes::run(
      loop, validate(loop, make, std::move(wanted), [&](const Finding& finding) { all.push_back(finding); }));
  return all;
}

std::string told(const std::vector<Finding>& all, Finding::Kind kind, std::string_view words) {
  for (const Finding& finding : all)
    if (finding.kind == kind && has(finding.text, words)) return finding.text;
  return "";
}

}  // namespace

TEST_CASE("`troupe plugin check` builds an index, asks it, and tells how much it finds") {
  const auto good = findings(TROUPE_INDEX_PLUGIN, Json::object());
  CHECK(has(told(good, Finding::Kind::good, "index `compared`"), "finds 100 % of the 10 nearest"));
  CHECK(has(told(good, Finding::Kind::problem, "index `odd`"), "no numbers"));
  for (const auto& [wrong, words] : {std::pair("filter", "whose bit is 0"), std::pair("twice", "twice"),
                                     std::pair("many", "11 rows where 10"), std::pair("crash", "search 1")}) {
    CAPTURE(wrong);
    const auto all = findings(TROUPE_INDEX_PLUGIN, {{"wrong", wrong}});
    CHECK_FALSE(told(all, Finding::Kind::problem, words).empty());
  }
  const auto refused = findings(TROUPE_INDEX_PLUGIN, {{"wrong", "build refusal"}});
  CHECK(has(told(refused, Finding::Kind::skipped, "index `compared`"), "too few vectors"));
}
