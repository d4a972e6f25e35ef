#include "memory/knowledge/bases/outside_search.h"

#include "memory/knowledge/index/distance.h"
#include "memory/knowledge/index/limits.h"
#include "memory/knowledge/index/prepared_vector.h"
#include "memory/knowledge/index/top_k.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFactor = 4;  // candidates for each that is wanted: codes of vectors are about right
constexpr std::size_t kCandidatesLeast = 64;
constexpr std::size_t kChangesFirst = 1'000;  // since an index was made; compared with each query
constexpr std::size_t kChangesShare = 20;     // and of the rows one in so many more
constexpr Milliseconds kPauseFirst = 1s;      // before another is built after one failed, doubled up to
constexpr Milliseconds kPauseMost = 10min;
constexpr int kDoublingsMost = 16;

std::string bits_of(const std::vector<std::int64_t>& ids, const ChunkSet& allowed) {
  std::string bits((ids.size() + 7) / 8, '\0');
  for (std::size_t row = 0; row < ids.size(); ++row)
    if (allowed.contains(ids[row])) bits[row / 8] = static_cast<char>(bits[row / 8] | 1 << row % 8);
  return bits;
}

bool has_bit(const std::string& bits, std::size_t row) {
  return (static_cast<unsigned char>(bits[row / 8]) >> row % 8 & 1) != 0;
}

Result<> check(const std::vector<std::uint32_t>& rows, std::size_t asked, std::size_t count,
               const std::string& bits) {
  const auto wrong = [](std::string what) {
    return fail(ErrorCode::protocol, "it named " + std::move(what));
  };
  if (rows.size() > asked)
    return wrong(fmt::format("{} vectors where {} were asked for", rows.size(), asked));
  std::unordered_set<std::uint32_t> seen;
  for (std::uint32_t row : rows) {
    if (row >= count) return wrong(fmt::format("vector {} of {}", row, count));
    if (!seen.insert(row).second) return wrong(fmt::format("vector {} twice", row));
    if (!bits.empty() && !has_bit(bits, row))
      return wrong(fmt::format("vector {}, which the filter does not let through", row));
  }
  return {};
}

}  // namespace

struct OutsideSearch::Index {
  std::unique_ptr<OutsideIndex> outside;
  std::vector<std::int64_t> ids;
  std::unordered_set<std::int64_t> changed;  ///< since the rows were taken
};

OutsideSearch::OutsideSearch(Loop& loop, Workers& searching, const IndexSettings& settings, Take take)
    : loop_(loop), searching_(searching), settings_(settings), take_(std::move(take)), nursery_(loop) {}
OutsideSearch::~OutsideSearch() = default;

void OutsideSearch::changed(std::span<const std::int64_t> ids) {
  for (const auto& index : {built_, fresh_})
    if (index) index->changed.insert(ids.begin(), ids.end());
}

bool OutsideSearch::due(std::size_t vectors) const {
  if (fresh_ || stop_.requested() || vectors <= settings_.flat_vectors) return false;
  // What was refused is refused again, unless it was for want of vectors.
  if (vectors < 2 * refused_ || loop_.clock().now() < not_before_) return false;
  return !built_ || built_->changed.size() > kChangesFirst + built_->ids.size() / kChangesShare;
}

void OutsideSearch::build_if_due(std::size_t vectors) {
  // The way back is a hysteresis, as that of a graph.
  if (built_ && vectors < settings_.flat_vectors / 2) retire(std::exchange(built_, nullptr));
  if (!due(vectors)) return;
  fresh_ = std::make_shared<Index>();
  nursery_.spawn("building an index outside", [this, vectors] { return build(vectors); });
}

Task<> OutsideSearch::build(std::size_t vectors) {
  const std::shared_ptr<Index> fresh = fresh_;
  const Instant begun = loop_.clock().now();
  auto taken = co_await take_();
  Result<std::unique_ptr<OutsideIndex>> made = fail(ErrorCode::cancelled, "");
  if (!taken) {
    made = fail(std::move(taken.error()));
  } else if (!stop_.requested() && !taken->ids.empty()) {
    fresh->ids = std::move(taken->ids);
    made = co_await settings_.outside.indexes->build({.memory = std::move(taken->memory),
                                                      .count = fresh->ids.size(),
                                                      .dimensions = settings_.dimensions,
                                                      .metric = settings_.metric},
                                                     stop_);
  }
  fresh_ = nullptr;
  if (made) {
    fresh->outside = std::move(*made);
    refused_ = 0;
    const auto took = std::chrono::duration_cast<Milliseconds>(loop_.clock().now() - begun);
    log::info("vectors were indexed outside", {{"index", settings_.plugin},
                                               {"vectors", static_cast<std::int64_t>(fresh->ids.size())},
                                               {"ms", static_cast<std::int64_t>(took.count())}});
    if (const auto before = std::exchange(built_, fresh)) retire(before);
  } else if (!stop_.requested() && made.error().code != ErrorCode::cancelled) {
    if (made.error().code == ErrorCode::invalid) refused_ = vectors;
    note_failure();
    log::warn("an index outside could not be built; every vector is compared, or the one there is stays",
              {{"index", settings_.plugin},
               {"vectors", static_cast<std::int64_t>(vectors)},
               {"error", made.error().message}});
  }
}

Task<> OutsideSearch::settled() {
  co_await nursery_.join();
}

Task<std::optional<OutsideSearch::Candidates>> OutsideSearch::ask(std::vector<float> query, std::size_t k,
                                                                  std::shared_ptr<const ChunkSet> allowed) {
  const auto index = built_;
  if (!index || k == 0 || k > limits::kOutsideCandidates / kFactor) co_return std::nullopt;
  // As many as are compared with every query anyway.
  if (allowed && allowed->size() <= settings_.flat_vectors) co_return std::nullopt;
  auto prepared = prepare(query, settings_.metric, settings_.dimensions);
  if (!prepared) co_return std::nullopt;  // who compares says what is wrong with it
  prepared->values.resize(settings_.dimensions);
  const std::size_t count = std::min(std::max(k * kFactor, kCandidatesLeast), index->ids.size());
  std::string bits;
  if (allowed) {
    auto work = [index, allowed] { return bits_of(index->ids, *allowed); };
    bits = co_await offload(loop_, searching_, std::move(work));
  }
  auto rows = co_await index->outside->nearest(std::move(prepared->values), count, bits);
  if (!rows && rows.error().code == ErrorCode::busy) co_return std::nullopt;
  Result<> good = rows ? check(*rows, count, index->ids.size(), bits) : fail(rows.error());
  if (good) co_return Candidates{index, std::move(*rows)};
  // Another search may have seen it first, or another index took its place.
  if (index == built_) give_up(good.error());
  co_return std::nullopt;
}

Result<std::vector<Neighbour>> OutsideSearch::choose(const VectorIndex& index, const Candidates& candidates,
                                                     std::span<const float> query, std::size_t k,
                                                     const ChunkSet* allowed) {
  auto prepared = prepare(query, index.metric(), index.dimensions());
  if (!prepared) return fail(std::move(prepared.error()));
  const DistanceFunction distance = distance_function(index.metric());
  const Index& outside = *candidates.index;
  TopK best(std::min(k, index.size()));
  std::vector<float> row(prepared->values.size());
  const auto offer = [&](std::int64_t id) {
    if (allowed && !allowed->contains(id)) return;
    const std::span<const float> vector = index.vector(id);
    if (vector.empty()) return;  // removed since
    std::ranges::copy(vector, row.begin());
    best.offer({id, score_of(index.metric(), distance(prepared->values.data(), row.data(), row.size()))});
  };
  for (std::uint32_t number : candidates.rows)
    if (!outside.changed.contains(outside.ids[number])) offer(outside.ids[number]);
  for (std::int64_t id : outside.changed) offer(id);
  return std::move(best).take();
}

void OutsideSearch::give_up(const Error& why) {
  note_failure();
  log::warn("an index outside failed and is built again; every vector is compared meanwhile",
            {{"index", settings_.plugin}, {"error", why.message}});
  retire(std::exchange(built_, nullptr));
}

void OutsideSearch::retire(std::shared_ptr<Index> index) {
  nursery_.spawn("end of an index outside", [index] { return index->outside->close(); });
}

void OutsideSearch::note_failure() {
  const Instant now = loop_.clock().now();
  if (now - failed_at_ > 2 * kPauseMost) failures_ = 0;
  failed_at_ = now;
  not_before_ = now + std::min(kPauseFirst * (1 << std::min(failures_, kDoublingsMost)), kPauseMost);
  ++failures_;
}

Task<> OutsideSearch::close() {
  stop_.request(StopReason::shutdown);
  co_await nursery_.join();
  if (built_) co_await std::exchange(built_, nullptr)->outside->close();
}

}  // namespace troupe::memory
