// What the vector indexes cost: `vector_index_bench [vectors] [rounds] [folder] [clusters]`. Clustered
// vectors of 384 (a mixture of Gaussians, fixed seed, length 1), ten neighbours, one thread; beside hnswlib
// used directly and, where it was found, FAISS, in one run on the same vectors. Figures are medians over
// rounds, with the lowest and the highest round. 100000 vectors take some five minutes, and half an hour with
// FAISS.
#include "bench/vector_race.h"
#include "memory/knowledge/index/vector_indexes.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

// Another name, so that this program's copy has its own distances and prefetches.
#define hnswlib raw_hnswlib
#include <hnswlib/hnswlib.h>
#undef hnswlib

#ifdef TROUPE_HAVE_FAISS
#include <faiss/AutoTune.h>
#include <faiss/IndexFlat.h>
#include <faiss/index_factory.h>
extern "C" void omp_set_num_threads(int);
#endif

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::bench;

namespace {

constexpr HnswSettings kSettings{};

Ids ids_of(const Result<std::vector<Neighbour>>& found) {
  Ids ids;
  for (const Neighbour& one : found.value()) ids.push_back(one.id);
  return ids;
}

Ask asks(const VectorIndex& index, IdFilter allowed = nullptr) {
  return [&index, allowed](const std::vector<float>& query) {
    return ids_of(index.nearest(query, kK, allowed));
  };
}

std::vector<Ids> truth_of(const VectorIndex& exact, const std::vector<std::vector<float>>& queries,
                          const IdFilter& allowed) {
  std::vector<Ids> truth;
  for (const auto& query : queries) truth.push_back(ids_of(exact.nearest(query, kK, allowed)));
  return truth;
}

/// Says what it took to build an index.
template <class Build>
void build(const char* name, Build all) {
  const double before = memory_mb("VmRSS");
  const auto begin = SteadyClock::now();
  all();
  const double seconds = ms_since(begin) / 1000;
  std::printf("%-34s %8.1f s %8.1f MB resident\n", name, seconds, memory_mb("VmRSS") - before);
  std::fflush(stdout);
}

/// As fast as this core reads memory that is not in the cache.
double read_gb_per_s(const std::vector<std::uint64_t>& block) {
  const auto begin = SteadyClock::now();
  std::uint64_t sum = 0;
  for (std::uint64_t value : block) sum += value;
  const double ms = ms_since(begin);
  if (sum == 1) std::printf(" ");  // the sum is needed
  return static_cast<double>(block.size() * 8) / 1e6 / ms;
}

void bandwidth(const VectorIndex& flat, const std::vector<std::vector<float>>& queries, int rounds) {
  const double bytes = static_cast<double>(flat.size() * kDimensions * sizeof(float));
  const std::vector<std::uint64_t> block(static_cast<std::size_t>(bytes) / 8, 3);
  Rounds plain, scanned;
  for (int round = 0; round < rounds * 7; ++round) {
    plain.values.push_back(read_gb_per_s(block));
    const auto begin = SteadyClock::now();
    const auto found = flat.nearest(queries[static_cast<std::size_t>(round) % queries.size()], kK, nullptr);
    const double ms = ms_since(begin);
    if (found) scanned.values.push_back(bytes / 1e6 / ms);
  }
  std::printf("\n%-34s %s\n%-34s %s\n", "reading memory, GB/s", plain.text().c_str(), "flat scan, GB/s",
              scanned.text().c_str());
}

void file(const char* name, const VectorIndex& index, const IndexSettings& settings, const std::string& path,
          int rounds) {
  Rounds saved, loaded;
  for (int round = 0; round < rounds; ++round) {
    auto begin = SteadyClock::now();
    if (auto done = index.save(path, 1); !done) std::printf("%s\n", done.error().message.c_str());
    saved.values.push_back(ms_since(begin) / 1000);
    begin = SteadyClock::now();
    if (auto back = load_index(path, settings, 1); !back) std::printf("%s\n", back.error().message.c_str());
    loaded.values.push_back(ms_since(begin) / 1000);
  }
  std::printf("%-12s %8.1f MB, save s %s, load s %s\n", name,
              static_cast<double>(std::filesystem::file_size(path)) / 1e6, saved.text().c_str(),
              loaded.text().c_str());
}

void filters(const VectorIndex& flat, const VectorIndex& hnsw, const std::vector<std::vector<float>>& queries,
             int rounds) {
  for (const int every : {1, 2, 10, 100, 1000}) {
    // Which ids pass has nothing to do with where their vectors are.
    const IdFilter allowed = [every](std::int64_t id) {
      return static_cast<std::uint64_t>(id) * 0x9E3779B97F4A7C15ULL % 1000 <
             1000u / static_cast<unsigned>(every);
    };
    std::printf("\none in %d allowed\n", every);
    std::vector<Contestant> all{{"flat", asks(flat, allowed), {}, {}, 0},
                                {"hnsw", asks(hnsw, allowed), {}, {}, 0}};
    race(all, queries, truth_of(flat, queries, allowed), rounds);
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  const std::string folder = argc > 3 ? argv[3] : std::filesystem::temp_directory_path();
  const std::size_t clusters = argc > 4 ? std::strtoull(argv[4], nullptr, 10) : 1'000;
  Mixture mixture(clusters);
  std::vector<std::vector<float>> vectors, queries;
  for (std::size_t i = 0; i < count; ++i) vectors.push_back(mixture.next());
  for (std::size_t i = 0; i < kQueries; ++i) queries.push_back(mixture.next());
  std::printf("%zu vectors of %zu in %zu clusters, m %zu, ef_construction %zu, ef %zu\n\nbuilt in\n", count,
              kDimensions, clusters, kSettings.m, kSettings.ef_construction, kSettings.ef);

  const auto put_into = [&vectors](VectorIndex& index) {
    return [&index, &vectors] {
      for (std::size_t i = 0; i < vectors.size(); ++i)
        if (auto done = index.put(static_cast<std::int64_t>(i), vectors[i]); !done)
          std::printf("%s\n", done.error().message.c_str());
    };
  };
  IndexSettings settings{.kind = IndexKind::flat, .dimensions = kDimensions, .hnsw = kSettings};
  auto flat = make_index(settings, count).value();
  build("flat", put_into(*flat));
  settings.kind = IndexKind::hnsw;
  auto hnsw = make_index(settings, count).value();
  build("hnsw", put_into(*hnsw));

  raw_hnswlib::InnerProductSpace space(kDimensions);
  raw_hnswlib::HierarchicalNSW<float> raw(&space, count, kSettings.m, kSettings.ef_construction);
  build("hnswlib", [&] {
    for (std::size_t i = 0; i < count; ++i) raw.addPoint(vectors[i].data(), i);
  });
  raw.setEf(kSettings.ef);
  std::vector<Contestant> all;
  all.push_back({"hnsw", asks(*hnsw), {}, {}, 0});
  all.push_back({"hnswlib",
                 [&raw](const std::vector<float>& query) {
                   Ids ids;
                   for (auto found = raw.searchKnn(query.data(), kK); !found.empty(); found.pop())
                     ids.push_back(static_cast<std::int64_t>(found.top().second));
                   return ids;
                 },
                 {},
                 {},
                 0});
#ifdef TROUPE_HAVE_FAISS
  omp_set_num_threads(1);
  const std::unique_ptr<faiss::Index> faiss_hnsw(faiss::index_factory(
      kDimensions, fmt::format("HNSW{},Flat", kSettings.m).c_str(), faiss::METRIC_INNER_PRODUCT));
  faiss::ParameterSpace().set_index_parameter(faiss_hnsw.get(), "efConstruction", kSettings.ef_construction);
  faiss::ParameterSpace().set_index_parameter(faiss_hnsw.get(), "efSearch", kSettings.ef);
  std::vector<float> joined;  // it is slow when it gets one vector at a time
  for (const auto& vector : vectors) joined.insert(joined.end(), vector.begin(), vector.end());
  const auto rows = static_cast<faiss::Index::idx_t>(count);
  build("FAISS HNSWFlat", [&] { faiss_hnsw->add(rows, joined.data()); });
  faiss::IndexFlatIP faiss_flat(kDimensions);
  build("FAISS Flat", [&] { faiss_flat.add(rows, joined.data()); });
  const auto asks_faiss = [](const faiss::Index& index) {
    return [&index](const std::vector<float>& query) {
      Ids ids(kK);
      std::vector<float> scores(kK);
      index.search(1, query.data(), kK, scores.data(), ids.data());
      return ids;
    };
  };
  all.push_back({"FAISS HNSWFlat", asks_faiss(*faiss_hnsw), {}, {}, 0});
  all.push_back({"FAISS Flat", asks_faiss(faiss_flat), {}, {}, 0});
#endif
  all.push_back({"flat", asks(*flat), {}, {}, 0});

  std::printf("\n");
  race(all, queries, truth_of(*flat, queries, nullptr), rounds);
  bandwidth(*flat, queries, rounds);
  filters(*flat, *hnsw, queries, rounds);
  std::printf("\nfiles\n");
  const std::string path = folder + "/vector_index_bench.index";
  settings.kind = IndexKind::flat;
  file("flat", *flat, settings, path, rounds);
  settings.kind = IndexKind::hnsw;
  file("hnsw", *hnsw, settings, path, rounds);
  std::filesystem::remove(path);
  return 0;
}
