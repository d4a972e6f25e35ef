#include "memory/knowledge/bases/base_index.h"

#include "runtime/base/context.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <span>
#include <utility>

namespace troupe::memory {

namespace {

constexpr std::size_t kFlatBatch = 4'096;  // vectors put while nobody searches
constexpr std::size_t kBatch = 16;         // vectors put between two looks at whether to go on

}  // namespace

Result<> BaseIndex::write(VectorIndex& index, const Write& change) {
  for (std::int64_t id : change.removed) index.remove(id);
  const std::size_t width = index.dimensions();
  for (std::size_t i = 0; i < change.added.size(); ++i)
    if (auto put = index.put(change.added[i], std::span(change.vectors).subspan(i * width, width)); !put)
      return put;
  return {};
}

BaseIndex::BaseIndex(Threads threads, IndexSettings settings, std::unique_ptr<VectorIndex> index)
    : threads_(threads),
      settings_(std::move(settings)),
      index_(std::move(index)),
      gate_(threads.loop),
      nursery_(threads.loop) {
  if (settings_.outside.indexes)
    outside_ = std::make_unique<OutsideSearch>(threads.loop, threads.searching, settings_,
                                               [this] { return take_rows(); });
}
BaseIndex::~BaseIndex() = default;

Result<std::unique_ptr<BaseIndex>> BaseIndex::make(Threads threads, IndexSettings settings) {
  // Reading rows into a graph would take minutes in which nothing is found.
  IndexSettings flat = settings;
  flat.kind = IndexKind::flat;
  auto index = make_index(flat, 0);
  if (!index) return fail(std::move(index.error()));
  return std::unique_ptr<BaseIndex>(new BaseIndex(threads, std::move(settings), std::move(*index)));
}

Task<Result<std::unique_ptr<BaseIndex>>> BaseIndex::load(Threads threads, IndexSettings settings,
                                                         std::string file, std::uint64_t stamp) {
  auto read = [file = std::move(file), settings, stamp] { return load_index(file, settings, stamp); };
  auto index = co_await offload(threads.loop, threads.building, std::move(read));
  if (!index) co_return fail(std::move(index.error()));
  co_return std::unique_ptr<BaseIndex>(new BaseIndex(threads, std::move(settings), std::move(*index)));
}

Task<ReadWriteGate::Pass> BaseIndex::to_write() {
  give_up_saving();
  return gate_.write();
}

Task<Result<>> BaseIndex::change(std::vector<std::int64_t> removed, std::vector<std::int64_t> added,
                                 std::vector<float> vectors) {
  const std::size_t width = settings_.dimensions;
  Result<> done;
  for (std::size_t from = 0; done && (from < added.size() || !removed.empty());) {
    auto pass = co_await to_write();
    // A graph takes a millisecond for each, and searches wait meanwhile.
    const std::size_t most = index_->kind() == IndexKind::hnsw ? kBatch : kFlatBatch;
    const std::size_t count = std::min(most, added.size() - from);
    const auto begin = static_cast<std::ptrdiff_t>(from);
    const auto end = static_cast<std::ptrdiff_t>(from + count);
    const auto row = static_cast<std::ptrdiff_t>(width);
    auto slice = std::make_shared<Write>(Write{std::exchange(removed, {}),
                                               {added.begin() + begin, added.begin() + end},
                                               {vectors.begin() + begin * row, vectors.begin() + end * row}});
    auto work = [index = index_, slice] { return write(*index, *slice); };
    done = co_await offload(threads_.loop, threads_.searching, std::move(work));
    if (outside_) {
      outside_->changed(slice->removed);
      outside_->changed(slice->added);
    }
    if (rebuilding_) missed_.push_back(std::move(*slice));
    from += count;
  }
  co_return done;
}

Task<Result<std::vector<Neighbour>>> BaseIndex::nearest(std::vector<float> query, std::size_t k,
                                                        std::shared_ptr<const ChunkSet> allowed) {
  if (outside_)
    if (auto found = co_await nearest_outside(query, k, allowed)) co_return std::move(*found);
  auto pass = co_await gate_.read();
  auto work = [index = index_, query = std::move(query), k, allowed = std::move(allowed)] {
    const IdFilter filter =
        allowed ? IdFilter([&set = *allowed](std::int64_t id) { return set.contains(id); }) : IdFilter();
    return index->nearest(query, k, filter);
  };
  co_return co_await offload(threads_.loop, threads_.searching, std::move(work));
}

// What an index outside finds, unless that is less than there is: then the filter hid what it looked at.
Task<std::optional<std::vector<Neighbour>>> BaseIndex::nearest_outside(
    const std::vector<float>& query, std::size_t k, std::shared_ptr<const ChunkSet> allowed) {
  auto candidates = co_await outside_->ask(query, k, allowed);
  auto pass = co_await gate_.read();
  outside_->build_if_due(index_->size());
  if (!candidates || !outside_->current(*candidates)) co_return std::nullopt;
  auto work = [this, &query, k, &candidates, &allowed] {
    return OutsideSearch::choose(*index_, *candidates, query, k, allowed.get());
  };
  auto found = co_await offload(threads_.loop, threads_.searching, std::move(work));
  const std::size_t there = allowed ? std::min(allowed->size(), index_->size()) : index_->size();
  if (!found || found->size() < std::min(k, there)) co_return std::nullopt;
  co_return std::move(*found);
}

// Slice by slice: a change in between is told to who had them taken.
Task<Result<OutsideSearch::Taken>> BaseIndex::take_rows() {
  OutsideSearch::Taken taken;
  {
    auto pass = co_await gate_.read();
    taken.ids = index_->ids();
  }
  const std::size_t row_bytes = settings_.dimensions * sizeof(float);
  auto make = [bytes = taken.ids.size() * row_bytes] { return sandbox::SharedMemory::make(bytes); };
  if (taken.ids.empty()) co_return taken;
  auto memory = co_await offload(threads_.loop, threads_.building, std::move(make));
  if (!memory) co_return fail(std::move(memory.error()));
  for (std::size_t from = 0; from < taken.ids.size(); from += kFlatBatch) {
    if (closing_) co_return fail(stopped("copying vectors", StopReason::shutdown));
    const std::span ids = std::span(taken.ids).subspan(from, std::min(kFlatBatch, taken.ids.size() - from));
    auto copy = [this, ids, row_bytes, rows = memory->bytes().subspan(from * row_bytes)] {
      for (std::size_t i = 0; i < ids.size(); ++i)
        std::ranges::copy(std::as_bytes(index_->vector(ids[i])),
                          rows.begin() + static_cast<std::ptrdiff_t>(i * row_bytes));
      return true;
    };
    auto pass = co_await gate_.read();
    co_await offload(threads_.loop, threads_.building, std::move(copy));
  }
  auto seal = [&memory] { return memory->seal(); };
  if (auto sealed = co_await offload(threads_.loop, threads_.building, std::move(seal)); !sealed)
    co_return fail(std::move(sealed.error()));
  taken.memory = std::make_shared<const sandbox::SharedMemory>(std::move(*memory));
  co_return taken;
}

Task<std::vector<float>> BaseIndex::vectors(std::vector<std::int64_t> ids) {
  auto pass = co_await gate_.read();
  std::vector<float> rows(ids.size() * settings_.dimensions);
  for (std::size_t i = 0; i < ids.size(); ++i)
    std::ranges::copy(index_->vector(ids[i]),
                      rows.begin() + static_cast<std::ptrdiff_t>(i * settings_.dimensions));
  co_return rows;
}

void BaseIndex::rebuild_if_due() {
  if (outside_ && !closing_) outside_->build_if_due(index_->size());
  if (rebuilding_ || closing_ || gave_up_ || !rebuild_due(*index_, settings_)) return;
  rebuilding_ = true;
  nursery_.spawn("rebuild of an index", [this] { return rebuild(); });
}

Task<Result<>> BaseIndex::fill(VectorIndex& fresh) {
  std::vector<std::int64_t> ids;
  {
    auto pass = co_await gate_.read();
    ids = index_->ids();
  }
  std::ranges::sort(ids);  // the same vectors make the same graph
  for (std::size_t from = 0; from < ids.size() && !closing_; from += kBatch) {
    const std::size_t count = std::min(kBatch, ids.size() - from);
    auto work = [&] {
      for (std::int64_t id : std::span(ids).subspan(from, count)) {
        const auto vector = index_->vector(id);
        if (vector.empty()) continue;  // removed meanwhile
        if (auto put = fresh.put(id, vector); !put) return put;
      }
      return Result<>();
    };
    auto pass = co_await gate_.read();
    auto done = co_await offload(threads_.loop, threads_.building, std::move(work));
    if (!done) co_return done;
  }
  co_return Result<>();
}

// What was removed and put while it was filled: what it has of that already does no harm.
Task<Result<>> BaseIndex::catch_up(VectorIndex& fresh) {
  while (!missed_.empty() && !closing_) {
    auto next = std::make_shared<Write>(std::move(missed_.front()));
    missed_.pop_front();
    auto work = [&fresh, next] { return write(fresh, *next); };
    auto done = co_await offload(threads_.loop, threads_.building, std::move(work));
    if (!done) co_return done;
  }
  co_return Result<>();
}

Task<> BaseIndex::rebuild() {
  const std::size_t count = index_->size();
  auto made = make_index(settings_, count);
  Result<> done = made ? co_await fill(**made) : fail(std::move(made.error()));
  // Nobody searches it yet, so that only what comes at the very end is followed behind the gate.
  if (done) done = co_await catch_up(**made);
  auto pass = co_await to_write();
  if (done) done = co_await catch_up(**made);
  if (done && !closing_) {
    index_ = std::move(*made);
  } else if (!done) {
    gave_up_ = true;
    log::warn("an index could not be built, the one there is stays",
              {{"vectors", static_cast<std::int64_t>(count)}, {"error", done.error().message}});
  }
  missed_.clear();
  rebuilding_ = false;
}

Task<> BaseIndex::settled() {
  co_await nursery_.join();
  if (outside_) co_await outside_->settled();
}

Task<Result<>> BaseIndex::save(std::string file, std::uint64_t stamp) {
  auto pass = co_await gate_.read();
  if (saving_.stop_requested()) saving_ = std::stop_source();
  auto work = [index = index_, file = std::move(file), stamp, give_up = saving_.get_token()] {
    return index->save(file, stamp, give_up);
  };
  co_return co_await offload(threads_.loop, threads_.building, std::move(work));
}

Task<> BaseIndex::close() {
  closing_ = true;
  if (outside_) co_await outside_->close();
  co_await nursery_.join();
  auto pass = co_await to_write();
}

}  // namespace troupe::memory
