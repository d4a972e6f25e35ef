// The distances are ours, so the library needs none of its own, nor the global functions that choose them.
#define NO_MANUAL_VECTORIZATION

#include "memory/knowledge/index/hnsw_records.h"

#include "memory/knowledge/index/distance.h"
#include "memory/knowledge/index/limits.h"
#include "memory/knowledge/index/prepared_vector.h"
#include "memory/knowledge/index/row_block.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <hnswlib/hnswlib.h>
#include <new>
#include <vector>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kCapacityMin = 1'024;
constexpr std::size_t kSeed = 100;
constexpr std::int32_t kLevels = 64;  // of 10 million records with 4 links, the highest is about 12

/// What hnswlib asks about vectors.
class Space final : public hnswlib::SpaceInterface<float> {
 public:
  Space(Metric metric, std::size_t width) : distance_(distance_function(metric)), width_(width) {}
  std::size_t get_data_size() override { return width_ * sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return compare; }
  void* get_dist_func_param() override { return this; }

 private:
  static float compare(const void* a, const void* b, const void* space) {
    const auto& self = *static_cast<const Space*>(space);
    return self.distance_(static_cast<const float*>(a), static_cast<const float*>(b), self.width_);
  }

  DistanceFunction distance_;
  std::size_t width_;
};

std::unexpected<Error> no_memory(std::size_t records) {
  return fail(ErrorCode::busy, fmt::format("there is no memory for a graph of {} vectors", records));
}

}  // namespace

struct HnswRecords::Library {
  Library(Metric metric, std::size_t dims, const HnswSettings& settings, std::size_t capacity)
      : dimensions(dims),
        space(metric, padded(dims)),
        graph(&space, capacity, settings.m, settings.ef_construction, kSeed) {
    prefer_huge_pages(graph.data_level0_memory_, capacity * graph.size_data_per_element_);
  }

  void resize(std::size_t capacity) {
    // resizeIndex() deletes the pool first and leaves the pointer where making a new one fails.
    delete std::exchange(graph.visited_list_pool_, nullptr);
    graph.resizeIndex(capacity);
    prefer_huge_pages(graph.data_level0_memory_, capacity * graph.size_data_per_element_);
  }

  char* record(std::size_t i) { return graph.data_level0_memory_ + i * graph.size_data_per_element_; }

  std::size_t dimensions;
  Space space;
  hnswlib::HierarchicalNSW<float> graph;
  std::vector<std::int32_t> levels;  // that were read, until they are adopted
  std::vector<char> upper;
};

HnswRecords::HnswRecords() = default;
HnswRecords::~HnswRecords() = default;

Result<std::unique_ptr<HnswRecords>> HnswRecords::make(Metric metric, std::size_t dimensions,
                                                       const HnswSettings& settings, std::size_t capacity) {
  const std::size_t room = std::max(capacity, kCapacityMin);
  try {
    std::unique_ptr<HnswRecords> records(new HnswRecords);
    records->library_ = std::make_unique<Library>(metric, dimensions, settings, room);
    return records;
  } catch (const std::exception&) {  // the library says in two ways that there is no memory, and nothing else
    return no_memory(room);
  }
}

Result<> HnswRecords::add(const float* vector) {
  if (count() == library_->graph.max_elements_)
    if (auto grown = grow(); !grown) return grown;
  return replace(static_cast<std::uint32_t>(count()), vector);
}

Result<> HnswRecords::replace(std::uint32_t record, const float* vector) {
  try {
    library_->graph.addPoint(vector, record);
    return {};
  } catch (const std::exception& error) {
    return fail(ErrorCode::internal,
                fmt::format("a graph of {} vectors broke while one was put in ({}); it is "
                            "to be built again",
                            count(), error.what()));
  }
}

Result<> HnswRecords::grow() {
  const std::size_t room = count() + count() / 2;
  try {
    library_->resize(room);
    return {};
  } catch (const std::exception&) {
    if (library_->graph.visited_list_pool_) return no_memory(room);
    return fail(ErrorCode::internal,
                "there is not even memory to go on with a graph; it is to be built again");
  }
}

void HnswRecords::remove(std::uint32_t record) {
  library_->graph.markDeletedInternal(record);
}

bool HnswRecords::removed(std::uint32_t record) const {
  return library_->graph.isMarkedDeleted(record);
}

std::size_t HnswRecords::count() const {
  return library_->graph.cur_element_count;
}

HnswGraph HnswRecords::view() const {
  const auto& graph = library_->graph;
  return {.rows = {.first = reinterpret_cast<const std::byte*>(graph.data_level0_memory_) + graph.offsetData_,
                   .stride = graph.size_data_per_element_,
                   .ids = {},
                   .alive = {}},
          .vector_offset = graph.offsetData_,
          .upper = {graph.linkLists_, count()},
          .upper_bytes = graph.size_links_per_element_,
          .levels = {graph.element_levels_.data(), count()},
          .m = graph.M_,
          .entry = graph.enterpoint_node_,
          .top = graph.maxlevel_};
}

void HnswRecords::describe(IndexHeader& header) const {
  const auto& graph = library_->graph;
  header.m = static_cast<std::uint32_t>(graph.M_);
  header.ef_construction = static_cast<std::uint32_t>(graph.ef_construction_);
  header.entry = graph.enterpoint_node_;
  header.top = graph.maxlevel_;
  header.upper = 0;
  for (std::int32_t level : view().levels)
    header.upper += static_cast<std::uint64_t>(level) * graph.size_links_per_element_;
  header.body += count() * (graph.size_data_per_element_ + sizeof(std::int32_t)) + header.upper;
}

Result<> HnswRecords::write(IndexFileWriter& file) const {
  const HnswGraph graph = view();
  if (auto written = file.write(std::span<const char>(library_->record(0), count() * graph.rows.stride));
      !written)
    return written;
  if (auto written = file.write(graph.levels); !written) return written;
  for (std::size_t i = 0; i < count(); ++i) {
    if (graph.levels[i] == 0) continue;
    const auto bytes = static_cast<std::size_t>(graph.levels[i]) * graph.upper_bytes;
    if (auto written = file.write(std::span<const char>(graph.upper[i], bytes)); !written) return written;
  }
  return {};
}

Result<> HnswRecords::read(IndexFileReader& file, const IndexHeader& header, std::uint64_t others) {
  auto& graph = library_->graph;
  const std::uint64_t row = graph.size_data_per_element_ + sizeof(std::int32_t);
  if (header.body != others + header.rows * row + header.upper)
    return file.damaged("its graph is of another size");
  if (header.rows > graph.max_elements_) return no_memory(header.rows);
  library_->levels.resize(header.rows);
  library_->upper.resize(header.upper);
  if (auto got = file.read(std::span(library_->record(0), header.rows * graph.size_data_per_element_)); !got)
    return got;
  if (auto got = file.read(std::span(library_->levels)); !got) return got;
  return file.read(std::span(library_->upper));
}

Result<> HnswRecords::adopt(const IndexFileReader& file, const IndexHeader& header) {
  auto& graph = library_->graph;
  const std::vector<std::int32_t> levels = std::move(library_->levels);
  const std::vector<char> upper = std::move(library_->upper);
  std::uint64_t links = 0;
  for (std::int32_t level : levels) {
    if (level < 0 || level > std::min(header.top, kLevels))
      return file.damaged("its graph has a wrong level");
    links += static_cast<std::uint64_t>(level) * graph.size_links_per_element_;
  }
  if (links != header.upper) return file.damaged("its graph has links that belong nowhere");

  graph.cur_element_count = header.rows;
  if (header.rows > 0) graph.enterpoint_node_ = header.entry;  // without records the library has its own mark
  graph.maxlevel_ = header.rows == 0 ? -1 : header.top;
  graph.level_generator_.seed(kSeed + header.rows);  // not the same levels again
  const char* next = upper.data();
  for (std::size_t i = 0; i < header.rows; ++i) {
    const std::size_t bytes = static_cast<std::size_t>(levels[i]) * graph.size_links_per_element_;
    if (bytes > 0) {
      graph.linkLists_[i] = static_cast<char*>(std::malloc(bytes + 1));  // as the library does, and frees it
      if (!graph.linkLists_[i]) return no_memory(header.rows);
      std::memcpy(graph.linkLists_[i], next, bytes);
      next += bytes;
    }
    graph.element_levels_[i] = levels[i];
    if (graph.getExternalLabel(static_cast<std::uint32_t>(i)) != i)
      return file.damaged("its graph counts otherwise than it should");
    graph.label_lookup_[i] = static_cast<std::uint32_t>(i);
    if (removed(static_cast<std::uint32_t>(i))) ++graph.num_deleted_;
    if (!memory::well_formed(view().rows.row(i), library_->dimensions))
      return file.damaged("it holds a vector that cannot be compared");
  }
  if (!view().well_formed()) return file.damaged("its graph leads out of itself");
  return {};
}

}  // namespace troupe::memory
