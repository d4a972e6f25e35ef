#include "memory/knowledge/index/hnsw_index.h"

#include "memory/knowledge/index/distance.h"
#include "memory/knowledge/index/exact_scan.h"
#include "memory/knowledge/index/hnsw_records.h"
#include "memory/knowledge/index/hnsw_search.h"
#include "memory/knowledge/index/prepared_vector.h"
#include "memory/knowledge/index/record_names.h"
#include "memory/knowledge/index/top_k.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

// What searching costs, in comparisons of rows that lie one after the other. A walk jumps through memory.
constexpr std::size_t kScanned = 2'000;    // fewer are compared with all: a walk would not be faster
constexpr double kWalkedPerFound = 14;     // for each neighbour that is kept in view
constexpr double kJump = 2.6;              // a comparison in a walk
constexpr double kAsked = 0.1;             // a question to the filter
constexpr std::size_t kSamples = 256;      // ids the filter is asked about beforehand
constexpr std::size_t kSamplesPassed = 4;  // fewer say too little about how many pass

std::uint64_t content(const float* vector, std::size_t values) {
  return std::hash<std::string_view>()({reinterpret_cast<const char*>(vector), values * sizeof(float)});
}

std::unexpected<Error> broken() {
  return fail(ErrorCode::internal, "this graph broke earlier; it is to be built again");
}

/// As it lies in a file.
struct Twin {
  std::int64_t record = 0;
  std::int64_t id = 0;
};

}  // namespace

Result<> check(const HnswSettings& settings) {
  const auto within = [](std::size_t value, std::size_t low, std::size_t high) {
    return value >= low && value <= high;
  };
  if (!within(settings.m, limits::kHnswLinksMin, limits::kHnswLinks))
    return fail(ErrorCode::invalid, fmt::format("m is {}: it may be from {} to {}", settings.m,
                                                limits::kHnswLinksMin, limits::kHnswLinks));
  if (!within(settings.ef_construction, settings.m, limits::kHnswConstruction))
    return fail(ErrorCode::invalid,
                fmt::format("ef_construction is {}: it may be from m, which is {}, to {}",
                            settings.ef_construction, settings.m, limits::kHnswConstruction));
  if (!within(settings.ef, 1, limits::kHnswSearch))
    return fail(ErrorCode::invalid,
                fmt::format("ef is {}: it may be from 1 to {}", settings.ef, limits::kHnswSearch));
  return {};
}

/// Equal vectors are one record: copies would fill each other's links and cut the graph in two.
struct HnswIndex::Graph {
  std::unique_ptr<HnswRecords> records;
  RecordNames names;
  std::unordered_map<std::uint64_t, std::uint32_t> at;  // records by content(); of two alike, the first
  std::size_t width = 0;
  std::size_t replaced = 0;  // records that got another vector since the graph was made
  bool broken = false;

  HnswGraph view() const {
    HnswGraph graph = records->view();
    names.call(graph.rows);
    return graph;
  }

  bool holds(std::uint32_t record, const float* vector) const {
    return std::memcmp(records->view().rows.row(record), vector, width * sizeof(float)) == 0;
  }
  std::optional<std::uint32_t> find(const float* vector) const {
    const auto known = at.find(content(vector, width));
    return known != at.end() && holds(known->second, vector) ? std::optional(known->second) : std::nullopt;
  }
  void note(std::uint32_t record) { at.emplace(content(records->view().rows.row(record), width), record); }
  void unnote(std::uint32_t record) {
    const auto known = at.find(content(records->view().rows.row(record), width));
    if (known != at.end() && known->second == record) at.erase(known);
  }

  void forget(std::int64_t id) {
    const auto record = names.record_of(id);
    if (!names.forget(id)) return;
    unnote(*record);
    records->remove(*record);
  }

  /// A record with this vector, that of `own` if it is to have another one.
  Result<std::uint32_t> place(const float* vector, std::optional<std::uint32_t> own) {
    const auto record = own ? own : names.vacant();
    if (!record) {
      const auto next = static_cast<std::uint32_t>(records->count());
      if (auto added = records->add(vector); !added) return fail(added.error());
      return next;
    }
    if (own) unnote(*own);
    if (auto done = records->replace(*record, vector); !done) return fail(done.error());
    ++replaced;
    return *record;
  }
};

HnswIndex::HnswIndex(Metric metric, std::size_t dimensions, const HnswSettings& settings)
    : metric_(metric), dimensions_(dimensions), settings_(settings) {}
HnswIndex::~HnswIndex() = default;

Result<std::unique_ptr<VectorIndex>> HnswIndex::make(Metric metric, std::size_t dimensions,
                                                     const HnswSettings& settings, std::size_t expected) {
  std::unique_ptr<HnswIndex> index(new HnswIndex(metric, dimensions, settings));
  if (auto begun = index->begin(std::min(expected, limits::kIndexVectors)); !begun)
    return fail(begun.error());
  return index;
}

Result<> HnswIndex::begin(std::size_t expected) {
  auto records = HnswRecords::make(metric_, dimensions_, settings_, expected);
  if (!records) return fail(records.error());
  graph_ = std::make_unique<Graph>();
  graph_->records = std::move(*records);
  graph_->width = padded(dimensions_);
  return {};
}

Result<> HnswIndex::put(std::int64_t id, std::span<const float> vector) {
  auto prepared = prepare(vector, metric_, dimensions_);
  if (!prepared) return fail(prepared.error());
  if (graph_->broken) return broken();
  // Nothing is left that a graph of removed ones could be walked for.
  if (size() == 0 && graph_->records->count() > 0)
    if (auto anew = begin(graph_->records->count()); !anew) return anew;
  Graph& graph = *graph_;
  const float* values = prepared->values.data();
  const auto known = graph.names.record_of(id);
  if (known && graph.holds(*known, values)) return {};
  if (!known && size() == limits::kIndexVectors) return index_full();
  if (const auto twin = graph.find(values)) {
    graph.forget(id);
    graph.names.name(*twin, id);
    return {};
  }
  const auto own = known && graph.names.alone(*known) ? known : std::nullopt;
  const auto record = graph.place(values, own);
  if (!record) {
    graph.broken = record.error().code == ErrorCode::internal;
    return fail(record.error());
  }
  graph.note(*record);
  if (own) return {};
  graph.forget(id);
  graph.names.name(*record, id);
  return {};
}

void HnswIndex::remove(std::int64_t id) {
  graph_->forget(id);
}

std::vector<std::int64_t> HnswIndex::ids() const {
  return graph_->names.ids();
}

std::span<const float> HnswIndex::vector(std::int64_t id) const {
  const auto record = graph_->names.record_of(id);
  if (!record) return {};
  return {graph_->records->view().rows.row(*record), dimensions_};
}

Result<std::vector<Neighbour>> HnswIndex::nearest(std::span<const float> query, std::size_t k,
                                                  const IdFilter& allowed) const {
  auto prepared = prepare(query, metric_, dimensions_);
  if (!prepared) return fail(prepared.error());
  if (graph_->broken) return broken();
  k = std::min(k, size());
  if (k == 0) return std::vector<Neighbour>();
  const HnswGraph graph = graph_->view();
  const auto scan = [&] { return exact_scan(graph.rows, metric_, prepared->values, k, allowed); };

  // To zeros all are equally near, and a walk finds any of them.
  const std::size_t records = graph_->names.records();
  if (records <= kScanned || (prepared->zero && metric_ != Metric::l2)) return scan();
  const auto sample =
      allowed ? graph_->names.sample(kSamples, allowed) : RecordNames::Share{kSamples, kSamples};
  if (sample.passed < kSamplesPassed) return scan();
  const double share = static_cast<double>(sample.passed) / static_cast<double>(sample.asked);
  const std::size_t ef = std::max(settings_.ef, k);
  const auto rows = static_cast<double>(records);
  const double scanned = share * rows + (allowed ? kAsked * rows : 0);
  const double walked = static_cast<double>(ef) / share * kWalkedPerFound * kJump;
  if (walked >= scanned) return scan();

  // A filter may let through what is far away only: no longer than comparing with all would have taken.
  const auto comparisons_max = static_cast<std::size_t>(allowed ? scanned / kJump : rows);
  const HnswFound found =
      search(graph, distance_function(metric_), prepared->values, ef, allowed, comparisons_max);
  if (!found.finished) return scan();
  TopK best(k);
  for (const auto& record : found.nearest) {
    const float score = score_of(metric_, record.distance);
    graph.rows.each_id(record.number, allowed, [&](std::int64_t id) { best.offer({id, score}); });
  }
  auto answers = std::move(best).take();
  return answers.size() < k ? scan() : answers;
}

Result<> HnswIndex::save(const std::string& file, std::uint64_t stamp, std::stop_token give_up) const {
  if (graph_->broken) return broken();
  std::vector<Twin> twins;
  for (const auto& [record, ids] : graph_->names.twins())
    for (std::int64_t id : ids) twins.push_back({record, id});
  const auto ids = graph_->names.first_ids();
  IndexHeader header = header_of(*this, stamp);
  header.rows = ids.size();
  header.body = ids.size_bytes() + twins.size() * sizeof(Twin);
  header.twins = twins.size();
  graph_->records->describe(header);
  IndexFileWriter writer(std::move(give_up));
  if (auto begun = writer.begin(file, header); !begun) return begun;
  if (auto written = writer.write(ids); !written) return written;
  if (auto written = writer.write(std::span<const Twin>(twins)); !written) return written;
  if (auto written = graph_->records->write(writer); !written) return written;
  return writer.commit();
}

Result<std::unique_ptr<VectorIndex>> HnswIndex::load(IndexFileReader& file, const IndexHeader& header,
                                                     const HnswSettings& settings) {
  if (header.m != settings.m || header.ef_construction != settings.ef_construction)
    return fail(
        ErrorCode::conflict,
        fmt::format("the graph was built with m {} and ef_construction {}, and {} and {} are asked for; "
                    "it is to be built again",
                    header.m, header.ef_construction, settings.m, settings.ef_construction));
  if (header.twins > limits::kIndexVectors ||
      header.rows * header.dimensions * sizeof(float) + header.twins * sizeof(Twin) > header.body)
    return file.damaged("it says that it holds more than it does");
  auto made = make(static_cast<Metric>(header.metric), header.dimensions, settings, header.rows);
  if (!made) return made;
  Graph& graph = *static_cast<HnswIndex&>(**made).graph_;
  std::vector<std::int64_t> ids(header.rows);
  std::vector<Twin> twins(header.twins);
  if (auto got = file.read(std::span(ids)); !got) return fail(got.error());
  if (auto got = file.read(std::span(twins)); !got) return fail(got.error());
  const std::uint64_t named = ids.size() * sizeof(std::int64_t) + twins.size() * sizeof(Twin);
  if (auto got = graph.records->read(file, header, named); !got) return fail(got.error());
  if (auto whole = file.finish(); !whole) return fail(whole.error());
  if (auto adopted = graph.records->adopt(file, header); !adopted) return fail(adopted.error());

  std::vector<std::uint8_t> removed(header.rows);
  for (std::uint32_t record = 0; record < header.rows; ++record) {
    removed[record] = graph.records->removed(record) ? 1 : 0;
    if (removed[record] == 0) graph.note(record);
  }
  if (!graph.names.adopt(ids, removed)) return file.damaged("it holds an id twice");
  for (const Twin& twin : twins) {
    // Compared before it is shortened; what is below 0 is too large then.
    const bool there = static_cast<std::uint64_t>(twin.record) < header.rows;
    const auto record = static_cast<std::uint32_t>(twin.record);
    if (!there || removed[record] != 0 || graph.names.record_of(twin.id))
      return file.damaged("it holds an id twice, or of no vector");
    graph.names.name(record, twin.id);
  }
  return made;
}

bool HnswIndex::worn() const {
  const std::size_t records = graph_->records->count();
  return graph_->broken || records - graph_->names.records() > records / 2 || graph_->replaced > records;
}

std::size_t HnswIndex::size() const {
  return graph_->names.size();
}

}  // namespace troupe::memory
