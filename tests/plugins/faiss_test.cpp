#include "tests/plugins/index_world.h"

#include <cstdlib>

using namespace troupe;
using namespace troupe::plugins;
using namespace troupe::plugins::testing;

#ifndef TROUPE_FAISS_PLUGIN

TEST_CASE("FAISS (not tried: this build found no libfaiss)") {
  MESSAGE("libfaiss-dev was not there when this was built, so the FAISS plugin was not tried");
}

#else

namespace {

constexpr std::size_t kWide = 64;
constexpr std::size_t kRows = 4'000;

PluginSettings faiss() {
  return {.config = {{"threads", 2}}, .limits = {.memory = std::size_t{1} << 30}};
}

/// The share of the right ones that is found, of 50 queries.
double recall(IndexWorld& world, std::shared_ptr<const memory::ChunkSet> allowed = nullptr) {
  constexpr std::size_t kQueries = 50;
  constexpr std::size_t kNearest = 10;
  const auto queries = vectors(kQueries, 4, kWide);
  std::size_t right = 0;
  for (std::size_t i = 0; i < kQueries; ++i) {
    const auto query = std::span(queries).subspan(i * kWide, kWide);
    const auto found = world.find(query, kNearest, allowed);
    const auto exact = world.exact(query, kNearest, allowed.get());
    CHECK(found.size() == exact.size());
    for (const memory::Neighbour& one : found) {
      // With the very score of a flat index, and nothing that the filter hides.
      if (std::ranges::find(exact, one) != exact.end()) ++right;
      if (allowed) CHECK(allowed->contains(one.id));
    }
  }
  CHECK(world.index->helped());
  return static_cast<double>(right) / (kQueries * kNearest);
}

}  // namespace

TEST_CASE("FAISS finds nearly all of the nearest, by lists, by codes and by whatever its factory makes") {
  struct Wanted {
    const char* factory;
    memory::Metric metric;
    double recall;
  };
  for (const Wanted& wanted :
       {Wanted{"IVF64,PQ16", memory::Metric::cosine, 0.95}, Wanted{"IVF64,Flat", memory::Metric::l2, 0.99},
        Wanted{"PCA48,IVF32,Flat", memory::Metric::inner_product, 0.9},
        Wanted{"SQ8", memory::Metric::cosine, 0.99}, Wanted{"PQ16", memory::Metric::l2, 0.9},
        Wanted{"HNSW16", memory::Metric::l2, 0.9}, Wanted{nullptr, memory::Metric::cosine, 0.95}}) {
    const std::string factory = wanted.factory ? wanted.factory : "no factory";
    CAPTURE(factory);
    Json options = Json::object();
    if (wanted.factory) options["factory"] = wanted.factory;
    IndexWorld world(TROUPE_FAISS_PLUGIN, "p", options, wanted.metric, kWide, faiss());
    REQUIRE_MESSAGE(world.made, (world.made ? "" : world.made.error().message));
    world.put(vectors(kRows, 3, kWide), 1);
    world.build();
    REQUIRE(world.index->helped());
    const double all = recall(world);
    auto half = std::make_shared<memory::ChunkSet>(1, kRows);
    for (std::int64_t id = 1; id <= static_cast<std::int64_t>(kRows); id += 2) half->add(id);
    const double filtered = recall(world, half);
    MESSAGE(factory << ": recall@10 " << all << ", with a filter " << filtered);
    CHECK(all >= wanted.recall);
    CHECK(filtered >= wanted.recall);
  }
}

TEST_CASE("FAISS says what to do when there are too few vectors for a factory, or no such factory") {
  const auto refusal = [](Json options) {
    IndexWorld world(TROUPE_FAISS_PLUGIN, "p", std::move(options), memory::Metric::cosine, kWide, faiss());
    REQUIRE_MESSAGE(world.made, (world.made ? "" : world.made.error().message));
    sandbox::SharedMemory memory = *sandbox::SharedMemory::make(1'000 * kWide * sizeof(float));
    const auto values = vectors(1'000, 3, kWide);
    std::ranges::copy(std::as_bytes(std::span(values)), memory.bytes().begin());
    REQUIRE(memory.seal());
    Stop stop;
    auto built = fakes::run(
        world.loop, (*world.made)
                        ->build({.memory = std::make_shared<const sandbox::SharedMemory>(std::move(memory)),
                                 .count = 1'000,
                                 .dimensions = kWide,
                                 .metric = memory::Metric::cosine},
                                stop));
    REQUIRE_FALSE(built);
    CHECK(built.error().code == ErrorCode::invalid);
    return built.error().message;
  };
  const std::string few = refusal({{"factory", "IVF256,PQ16"}});
  CHECK_MESSAGE(few.contains("256 lists, which are trained with at least 9984 vectors, and there are 1000"),
                few);
  CHECK_MESSAGE(few.contains("at most 25 lists"), few);
  const std::string none = refusal({{"factory", "Abracadabra"}});
  CHECK_MESSAGE(none.contains("Abracadabra"), none);
  const std::string uneven = refusal({{"factory", "PQ15"}});
  CHECK_MESSAGE(uneven.contains("FAISS"), uneven);
}

#endif
