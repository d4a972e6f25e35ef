#include "memory/knowledge/bases/base_index.h"

#include "runtime/telemetry/log.h"

#include <algorithm>
#include <span>
#include <utility>

namespace troupe::memory {

namespace {

constexpr std::size_t kBatch = 16;  // vectors put between two looks at whether to go on

Result<> write(VectorIndex& index, const std::vector<std::int64_t>& removed,
               const std::vector<std::int64_t>& added, const std::vector<float>& vectors) {
  for (std::int64_t id : removed) index.remove(id);
  const std::size_t width = index.dimensions();
  for (std::size_t i = 0; i < added.size(); ++i)
    if (auto put = index.put(added[i], std::span(vectors).subspan(i * width, width)); !put) return put;
  return {};
}

}  // namespace

BaseIndex::BaseIndex(Threads threads, IndexSettings settings, std::unique_ptr<VectorIndex> index)
    : threads_(threads),
      settings_(std::move(settings)),
      index_(std::move(index)),
      gate_(threads.loop),
      nursery_(threads.loop) {}
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

Task<Result<>> BaseIndex::change(std::vector<std::int64_t> removed, std::vector<std::int64_t> added,
                                 std::vector<float> vectors) {
  if (removed.empty() && added.empty()) co_return Result<>();
  auto pass = co_await gate_.write();
  auto shared = std::make_shared<Write>(Write{std::move(removed), std::move(added), std::move(vectors)});
  auto work = [index = index_, shared] {
    return write(*index, shared->removed, shared->added, shared->vectors);
  };
  auto done = co_await offload(threads_.loop, threads_.searching, std::move(work));
  if (rebuilding_) missed_.push_back(std::move(*shared));
  co_return done;
}

Task<Result<std::vector<Neighbour>>> BaseIndex::nearest(std::vector<float> query, std::size_t k,
                                                        std::shared_ptr<const ChunkSet> allowed) {
  auto pass = co_await gate_.read();
  auto work = [index = index_, query = std::move(query), k, allowed = std::move(allowed)] {
    const IdFilter filter =
        allowed ? IdFilter([&set = *allowed](std::int64_t id) { return set.contains(id); }) : IdFilter();
    return index->nearest(query, k, filter);
  };
  co_return co_await offload(threads_.loop, threads_.searching, std::move(work));
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

Task<> BaseIndex::rebuild() {
  const std::size_t count = index_->size();
  auto made = make_index(settings_, count);
  Result<> done = made ? co_await fill(**made) : fail(std::move(made.error()));
  auto pass = co_await gate_.write();
  // What was removed and put while it was filled: what it has of that already does no harm.
  for (std::size_t i = 0; i < missed_.size() && done && !closing_; ++i) {
    auto work = [&write_down = missed_[i], &fresh = **made] {
      return write(fresh, write_down.removed, write_down.added, write_down.vectors);
    };
    done = co_await offload(threads_.loop, threads_.building, std::move(work));
  }
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
}

Task<Result<>> BaseIndex::save(std::string file, std::uint64_t stamp) {
  auto pass = co_await gate_.read();
  auto work = [index = index_, file = std::move(file), stamp] { return index->save(file, stamp); };
  co_return co_await offload(threads_.loop, threads_.building, std::move(work));
}

Task<> BaseIndex::close() {
  closing_ = true;
  co_await nursery_.join();
  auto pass = co_await gate_.write();
}

}  // namespace troupe::memory
