#include "memory/knowledge/bases/base_image.h"

#include "runtime/base/context.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <functional>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kPage = 4'096;            // chunks, or documents, read at once
constexpr std::size_t kIds = 100'000;           // of documents
constexpr std::size_t kNamedDocuments = 1'000;  // in one query
constexpr std::size_t kKeptVectors = 1'000;     // fewer are read from the rows as fast
constexpr std::size_t kRecord = 48;  // bytes of a vector beside its numbers: its id, and who finds it

}  // namespace

std::string index_file(const std::string& folder, std::int64_t base) {
  return fmt::format("{}/knowledge-{}.index", folder, base);
}

BaseImage::BaseImage(Services services, BaseKey key)
    : services_(std::move(services)),
      key_(std::move(key)),
      gate_(services_.threads.loop),
      nursery_(services_.threads.loop) {}
BaseImage::~BaseImage() = default;

IndexSettings BaseImage::settings_for(const BaseRow& row) const {
  IndexSettings settings = preferred_;
  settings.dimensions = row.dimensions;
  return settings;
}

bool BaseImage::current(const std::optional<BaseRow>& row, bool vectors) const {
  if (!row) return row_.id == 0;
  // Ids and generations only grow: an older row is not to bring back an earlier state.
  if (row->id > row_.id || (row->id == row_.id && row->generation > row_.generation)) return false;
  if (!vectors || row_.dimensions == 0) return true;
  return index_ && index_->settings() == settings_for(row_);
}

Task<Result<BaseImage::View>> BaseImage::look() {
  auto row = co_await services_.store.find_base(key_);
  if (!row) co_return fail(std::move(row.error()));
  if (!*row) co_return View{};
  co_return View{true, (*row)->id, (*row)->embedding, (*row)->dimensions};
}

Task<Result<BaseImage::View>> BaseImage::refresh(std::optional<std::string> embedding, Stop& stop) {
  auto row = co_await services_.store.find_base(key_);
  if (!row) co_return fail(std::move(row.error()));
  const bool vectors = embedding && *row && (*row)->embedding == *embedding;
  while (!current(*row, vectors)) {
    if (stop.requested()) co_return fail(stopped("search", stop.reason()));
    // One that another search began may bring less than this one needs, or fail where this one would not.
    const bool own = !updating_;
    if (own) begin_update(*row, vectors);
    auto done = co_await updated(stop);
    if (!done && (own || stop.requested())) co_return fail(std::move(done.error()));
    if (own) break;
  }
  if (!*row) co_return View{};
  co_return View{true, row_.id, row_.embedding, row_.dimensions};
}

void BaseImage::begin_update(std::optional<BaseRow> row, bool vectors) {
  updating_ = true;
  auto work = [this, row = std::move(row), vectors]() -> Task<> {
    if (index_) index_->give_up_saving();
    auto pass = co_await gate_.write();
    Result<> done;
    if (!row)
      co_await reset();
    else
      done = co_await update(*row, vectors);
    updating_ = false;
    for (OneShot<Result<>>* one : waiting_) one->set(done);
  };
  nursery_.spawn("update of a knowledge base", std::move(work));
}

Task<Result<>> BaseImage::updated(Stop& stop) {
  OneShot<Result<>> end(services_.threads.loop);
  const auto place = waiting_.insert(waiting_.end(), &end);
  const auto hook = stop.on_request([&] { end.set(fail(stopped("search", stop.reason()))); });
  auto done = co_await end.wait();
  waiting_.erase(place);
  co_return done;
}

Task<> BaseImage::reset() {
  if (index_) co_await index_->close();
  // What may be gigabytes in millions of pieces is not given back on the loop.
  auto dead = std::make_shared<std::pair<ChunkMap, std::shared_ptr<BaseIndex>>>(
      std::exchange(map_, {}), std::exchange(index_, nullptr));
  row_ = {};
  last_chunk_ = 0;
  kept_ = 0;
  unkept_ = false;
  auto free = [dead = std::move(dead)]() mutable {
    dead->first = {};
    return true;
  };
  co_await offload(services_.threads.loop, services_.threads.building, std::move(free));
}

Task<Result<>> BaseImage::update(BaseRow row, bool vectors) {
  if (row.id < row_.id || (row.id == row_.id && row.generation < row_.generation)) row = row_;
  const bool same_vectors = row_.dimensions == 0 || row_.dimensions == row.dimensions;
  if (row.id != row_.id || row.embedding != row_.embedding || !same_vectors) {
    co_await reset();
    row_.id = row.id;  // of generation 0: nothing was read yet
    row_.key = row.key;
    row_.embedding = row.embedding;
  }
  row_.dimensions = row.dimensions;
  if (row.generation != row_.generation) {
    if (auto done = co_await follow(row); !done) co_return done;
    row_.generation = row.generation;
  }
  if (vectors && row.dimensions > 0 && (!index_ || index_->settings() != settings_for(row))) {
    if (auto done = co_await load_index(row, settings_for(row)); !done) co_return done;
  }
  if (index_) index_->rebuild_if_due();
  keep_rebuilt();
  co_return Result<>();
}

// What changed since: documents that are gone, those that came, and their chunks. A document that is replaced
// comes under another id; one whose chunks were forgotten with the vectors of its base stays without any,
// also when the base is of the same embedding again by now. Each piece is taken in whole, so that what fails
// is gone on with the next time.
Task<Result<>> BaseImage::follow(const BaseRow& row) {
  std::vector<DocumentSize> now;
  for (std::int64_t after = 0;;) {
    auto sizes = co_await services_.store.document_sizes(row.id, after, kIds);
    if (!sizes) co_return fail(std::move(sizes.error()));
    now.insert(now.end(), sizes->begin(), sizes->end());
    if (sizes->size() < kIds) break;
    after = now.back().id;
  }
  std::vector<std::int64_t> removed;
  for (std::int64_t document : map_.documents()) {
    const auto there = std::ranges::lower_bound(now, document, {}, &DocumentSize::id);
    std::vector<std::int64_t> chunks;
    if (there == now.end() || there->id != document)
      chunks = map_.remove(document);
    else if (there->chunks == 0)
      chunks = map_.remove_chunks(document);
    removed.insert(removed.end(), chunks.begin(), chunks.end());
  }
  if (index_ && !removed.empty())
    if (auto done = co_await index_->change(std::move(removed), {}, {}); !done) co_return done;
  for (;;) {
    auto fresh = co_await services_.store.document_fields(row.id, map_.last_document(), kPage);
    if (!fresh) co_return fail(std::move(fresh.error()));
    for (DocumentFields& document : *fresh) map_.add(std::move(document));
    if (fresh->size() < kPage) break;
  }
  co_return co_await read_chunks(row);
}

Task<Result<>> BaseImage::read_chunks(const BaseRow& row) {
  const std::size_t dimensions = index_ ? row.dimensions : 0;
  for (;;) {
    if (closing_) co_return fail(stopped("reading a knowledge base", StopReason::shutdown));
    auto page = co_await services_.store.chunk_page(row.id, last_chunk_, kPage, dimensions);
    if (!page) co_return fail(std::move(page.error()));
    const std::size_t taken = map_.add(page->places);
    if (taken > 0) last_chunk_ = page->places[taken - 1].chunk;
    if (index_) {
      std::vector<std::int64_t> added;
      for (std::size_t i = 0; i < taken; ++i) added.push_back(page->places[i].chunk);
      page->vectors.resize(taken * dimensions);
      auto done = co_await index_->change({}, std::move(added), std::move(page->vectors));
      if (!done) {  // the index lacks some of them: it is made anew
        co_await index_->close();
        index_.reset();
        co_return done;
      }
    }
    if (taken < kPage) co_return Result<>();
  }
}

Task<Result<>> BaseImage::load_index(const BaseRow& row, IndexSettings settings) {
  if (index_) co_await index_->close();
  index_.reset();
  if (!services_.folder.empty() && ::access(file().c_str(), F_OK) == 0) {
    auto kept = co_await BaseIndex::load(services_.threads, settings, file(), stamp());
    if (kept && (*kept)->size() == map_.size()) {
      index_ = std::move(*kept);
      kept_ = stamp() + static_cast<std::uint64_t>(index_->kind());
      co_return Result<>();
    }
    if (kept) {
      co_await (*kept)->close();
    } else if (kept.error().code != ErrorCode::conflict) {
      log::warn("an index is made anew", {{"knowledge", key_.name}, {"error", kept.error().message}});
    }
  }
  auto made = BaseIndex::make(services_.threads, std::move(settings));
  if (!made) co_return fail(std::move(made.error()));
  index_ = std::move(*made);
  auto filled = co_await fill_index(row);
  if (filled) co_return filled;
  co_await index_->close();
  index_.reset();
  co_return filled;
}

Task<Result<>> BaseImage::fill_index(const BaseRow& row) {
  for (std::int64_t after = 0; after < last_chunk_;) {
    if (closing_) co_return fail(stopped("reading a knowledge base", StopReason::shutdown));
    auto page = co_await services_.store.chunk_page(row.id, after, kPage, row.dimensions);
    if (!page) co_return fail(std::move(page.error()));
    if (page->places.empty()) break;
    after = page->places.back().chunk;
    std::vector<std::int64_t> added;
    for (const ChunkPage::Place& place : page->places)
      if (place.chunk <= last_chunk_) added.push_back(place.chunk);
    page->vectors.resize(added.size() * row.dimensions);
    auto done = co_await index_->change({}, std::move(added), std::move(page->vectors));
    if (!done) co_return done;
  }
  co_return Result<>();
}

Task<Result<std::shared_ptr<const ChunkSet>>> BaseImage::allowed(Filter filter, std::int64_t document,
                                                                 Stop& stop) {
  auto pass = co_await gate_.read(stop);
  if (!pass) co_return fail(stopped("search", stop.reason()));
  auto work = [this, &filter, document]() -> std::shared_ptr<const ChunkSet> {
    return std::make_shared<const ChunkSet>(map_.allowed(filter, document));
  };
  co_return co_await offload(services_.threads.loop, services_.threads.searching, std::move(work));
}

Task<Result<std::optional<std::vector<std::int64_t>>>> BaseImage::allowed_documents(Filter filter,
                                                                                    std::int64_t document,
                                                                                    Stop& stop) {
  if (ChunkMap::looks_at_places(filter)) co_return std::nullopt;
  auto pass = co_await gate_.read(stop);
  if (!pass) co_return fail(stopped("search", stop.reason()));
  auto work = [this, &filter] { return map_.allowed_documents(filter); };
  std::vector<std::int64_t> documents;
  if (filter.empty() && document != 0)
    documents = {document};
  else
    documents = co_await offload(services_.threads.loop, services_.threads.searching, std::move(work));
  if (document != 0) std::erase_if(documents, [document](std::int64_t id) { return id != document; });
  if (documents.size() > kNamedDocuments) co_return std::nullopt;
  co_return std::optional(std::move(documents));
}

Task<Result<BaseImage::Nearest>> BaseImage::nearest(std::vector<float> query, std::size_t k,
                                                    std::shared_ptr<const ChunkSet> allowed,
                                                    std::string embedding, bool vectors, Stop& stop) {
  auto pass = co_await gate_.read(stop);
  if (!pass) co_return fail(stopped("search", stop.reason()));
  Nearest nearest;
  if (row_.dimensions == 0) co_return nearest;
  if (!index_ || row_.embedding != embedding)
    co_return fail(ErrorCode::conflict,
                   fmt::format("knowledge base `{}` changed while it was searched; search again", key_.name));
  nearest.metric = index_->settings().metric;
  auto found = co_await index_->nearest(std::move(query), k, std::move(allowed));
  if (!found) co_return fail(std::move(found.error()));
  nearest.found = std::move(*found);
  if (!vectors && nearest.metric == Metric::cosine) co_return nearest;
  std::vector<std::int64_t> ids;
  for (const Neighbour& one : nearest.found) ids.push_back(one.id);
  nearest.vectors = co_await index_->vectors(std::move(ids));
  co_return nearest;
}

BaseImage::Sizes BaseImage::sizes() const {
  Sizes sizes{.documents = map_.document_count(), .chunks = map_.size()};
  if (!index_) return sizes;
  sizes.vectors = index_->size();
  sizes.kind = index_->kind();
  sizes.rebuilding = index_->rebuilding();
  sizes.helped = index_->helped();
  return sizes;
}

// Counted from what is known on the loop: a worker may be at the index.
std::size_t BaseImage::bytes() const {
  std::size_t bytes = sizeof(BaseImage) + map_.bytes();
  if (!index_) return bytes;
  const bool plugin = index_->settings().outside.indexes != nullptr;
  const bool graph = index_->kind() == IndexKind::hnsw || (index_->rebuilding() && !plugin);
  const bool both = index_->rebuilding();
  const std::size_t row = row_.dimensions * sizeof(float) + kRecord;
  bytes += map_.size() * row * (both ? 2 : 1);
  if (graph) bytes += map_.size() * sizeof(std::uint32_t) * 2 * index_->settings().hnsw.m;
  return bytes;
}

// Which rows the index is a copy of, however they came there.
std::uint64_t BaseImage::stamp() const {
  return map_.stamp() + std::hash<std::string>()(row_.embedding) + static_cast<std::uint64_t>(row_.id);
}

Task<Result<>> BaseImage::save() {
  auto pass = co_await gate_.read();
  if (services_.folder.empty() || !index_ || index_->size() < kKeptVectors) co_return Result<>();
  const std::uint64_t now = stamp() + static_cast<std::uint64_t>(index_->kind());
  if (now == kept_) co_return Result<>();
  auto saved = co_await index_->save(file(), stamp());
  if (saved) kept_ = now;
  const bool given_up = !saved && saved.error().code == ErrorCode::cancelled;
  unkept_ = given_up && index_->kind() == IndexKind::hnsw;
  if (given_up) co_return Result<>();
  co_return saved;
}

// A graph took minutes to make, which a crash is not to cost again.
void BaseImage::keep_rebuilt() {
  if (keeping_ || !index_ || !(index_->rebuilding() || unkept_)) return;
  keeping_ = true;
  auto keep = [this, index = index_]() -> Task<> {
    co_await index->settled();
    keeping_ = false;
    if (auto saved = co_await save(); !saved)
      log::warn("an index was not kept", {{"knowledge", key_.name}, {"error", saved.error().message}});
  };
  nursery_.spawn("keep an index", std::move(keep));
}

Task<> BaseImage::settled() {
  co_await nursery_.join();
}

Task<> BaseImage::forget() {
  if (index_) index_->give_up_saving();
  auto pass = co_await gate_.write();
  co_await reset();
}

Task<> BaseImage::close() {
  closing_ = true;
  Stop never;
  if (updating_) (void)co_await updated(never);
  if (const auto index = index_) co_await index->close();
  co_await nursery_.join();
  auto pass = co_await gate_.write();
  co_await reset();
}

}  // namespace troupe::memory
