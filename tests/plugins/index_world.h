#pragma once

#include "memory/knowledge/bases/base_index.h"
#include "plugins/plugin_index.h"
#include "tests/fakes/temp_dir.h"
#include "tests/plugins/plugin_stage.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace troupe::plugins::testing {

inline constexpr std::size_t kDimensions = 24;

/// Around centres, as vectors of texts are.
inline std::vector<float> vectors(std::size_t count, unsigned seed, std::size_t dimensions = kDimensions) {
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
class IndexWorld {
 public:
  IndexWorld(const std::string& library, const std::string& service, Json options,
             memory::Metric metric = memory::Metric::cosine, std::size_t dimensions = kDimensions,
             PluginSettings wanted = {}) {
    namespace fs = std::filesystem;
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
  ~IndexWorld() {
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
                   .program = test_worker}};
  PluginTable table;
  Result<std::shared_ptr<memory::OutsideIndexes>> made = fail(ErrorCode::cancelled, "");
  memory::IndexSettings settings;
  std::unique_ptr<memory::BaseIndex> index;
  std::unique_ptr<memory::VectorIndex> truth;
};

}  // namespace troupe::plugins::testing
