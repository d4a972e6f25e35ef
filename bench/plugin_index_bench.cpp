// What an index of a plugin costs a knowledge base: `plugin_index_bench LIBRARY [vectors] [rounds]
// [FACTORY]…`. The library offers one index, each FACTORY is its option of that name (none: what it takes by
// itself). The vectors are those of vector_index_bench; they are built and searched as a daemon does it, in a
// confined worker that shares them, beside the index that the daemon has of its own.
#include "bench/vector_race.h"
#include "memory/knowledge/bases/base_index.h"
#include "plugins/host/worker_program.h"
#include "plugins/plugin_index.h"
#include "runtime/async/run_task.h"
#include "runtime/sandbox/support.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

using namespace troupe;
using namespace troupe::bench;
using namespace troupe::plugins;

namespace {

/// Runs the loop until a task has ended.
template <class T>
T wait(Loop& loop, Task<T> task) {
  std::optional<T> value;
  const auto whole = [&]() -> Task<int> {
    value.emplace(co_await std::move(task));
    co_return 0;
  };
  run_task(loop, whole());
  return std::move(*value);
}
void wait(Loop& loop, Task<> task) {
  const auto whole = [&]() -> Task<int> {
    co_await std::move(task);
    co_return 0;
  };
  run_task(loop, whole());
}

/// The plugin, and what its indexes are made with.
class Stage {
 public:
  explicit Stage(const std::string& library) : copies_{folder() + "/copies"} {
    PluginSettings settings{.name = "p", .path = library};
    settings.limits.memory = std::size_t{4} << 30;
    Stop stop;
    auto adopted = wait(loop, plugins_.adopt({settings}, *http_, stop));
    expect(adopted.has_value(), adopted ? "" : adopted.error().message);
    table_ = std::move(*adopted);
  }
  ~Stage() {
    table_.clear();
    wait(loop, plugins_.close());
    std::filesystem::remove_all(folder());
  }

  std::shared_ptr<memory::OutsideIndexes> indexes(const std::string& factory) {
    auto made =
        make_plugin_indexes(loop, "p", factory.empty() ? Json::object() : Json{{"factory", factory}}, table_);
    expect(made.has_value(), made ? "" : made.error().message);
    return std::move(*made);
  }

  SystemClock clock;
  Loop loop{clock};
  Workers workers{1};
  Workers building{1};

 private:
  static std::string folder() {
    return fmt::format("{}/plugin_index_bench.{}", std::filesystem::temp_directory_path().string(), getpid());
  }

  std::unique_ptr<net::HttpClient> http_ = net::make_curl_client(loop, {}, net::Guarding::guarded);
  const sandbox::Support support_ = sandbox::probe();
  PluginFolder copies_;
  Plugins plugins_{{.loop = loop,
                    .support = [this]() -> const sandbox::Support& { return support_; },
                    .folder = copies_,
                    .program = worker_program}};
  PluginTable table_;
};

/// A base's index, with the plugin's where there is one.
class Base {
 public:
  Base(Stage& stage, memory::IndexSettings settings) : stage_(stage) {
    auto made = memory::BaseIndex::make(
        {.loop = stage.loop, .searching = stage.workers, .building = stage.building}, std::move(settings));
    expect(made.has_value(), made ? "" : made.error().message);
    index_ = std::move(*made);
  }
  ~Base() { wait(stage_.loop, index_->close()); }

  void put(const std::vector<float>& values) {
    std::vector<std::int64_t> ids(values.size() / kDimensions);
    std::iota(ids.begin(), ids.end(), 0);
    const auto done = wait(stage_.loop, index_->change({}, std::move(ids), values));
    expect(done.has_value(), done ? "" : done.error().message);
  }
  /// Seconds.
  double build() {
    const auto begin = SteadyClock::now();
    index_->rebuild_if_due();
    wait(stage_.loop, index_->settled());
    return ms_since(begin) / 1e3;
  }
  bool helped() const { return index_->helped(); }
  Ids nearest(const std::vector<float>& query) {
    auto found = wait(stage_.loop, index_->nearest(query, kK, nullptr));
    expect(found.has_value(), found ? "" : found.error().message);
    Ids ids;
    for (const memory::Neighbour& one : *found) ids.push_back(one.id);
    return ids;
  }

 private:
  Stage& stage_;
  std::unique_ptr<memory::BaseIndex> index_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc == 3 && argv[1] == kWorkerArgument) return serve_plugin(argv[2]);
  if (argc < 2) {
    std::fprintf(stderr, "usage: plugin_index_bench LIBRARY [VECTORS] [ROUNDS] [FACTORY]...\n");
    return 2;
  }
  const std::size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 100'000;
  const int rounds = argc > 3 ? std::atoi(argv[3]) : 3;
  std::vector<std::string> factories(argv + std::min(argc, 4), argv + argc);
  if (factories.empty()) factories.emplace_back();

  Mixture mixture(1'000);
  std::vector<float> vectors;
  for (std::size_t i = 0; i < count; ++i) {
    const std::vector<float> next = mixture.next();
    vectors.insert(vectors.end(), next.begin(), next.end());
  }
  std::vector<std::vector<float>> queries;
  for (std::size_t i = 0; i < kQueries; ++i) queries.push_back(mixture.next());

  Stage stage(argv[1]);
  const memory::IndexSettings flat{.kind = memory::IndexKind::flat, .dimensions = kDimensions};
  std::vector<std::pair<std::string, std::unique_ptr<Base>>> bases;
  for (const std::string& factory : factories) {
    memory::IndexSettings settings = flat;
    settings.plugin = "p";
    settings.outside = {stage.indexes(factory)};
    settings.flat_vectors = 100;
    const std::string name = factory.empty() ? "plugin" : "plugin, " + factory;
    bases.emplace_back(name, std::make_unique<Base>(stage, settings));
    bases.back().second->put(vectors);
    const double seconds = bases.back().second->build();
    expect(bases.back().second->helped(), name + " was not built");
    std::printf("%-34s built in %.1f s\n", name.c_str(), seconds);
    std::fflush(stdout);
  }
  bases.emplace_back("flat", std::make_unique<Base>(stage, flat));
  bases.back().second->put(vectors);

  std::vector<Ids> truth;
  for (const auto& query : queries) truth.push_back(bases.back().second->nearest(query));
  std::vector<Contestant> all;
  for (const auto& [name, base] : bases)
    all.push_back(
        {name, [&base](const std::vector<float>& query) { return base->nearest(query); }, {}, {}, 0});
  race(all, queries, truth, rounds);
  return 0;
}
