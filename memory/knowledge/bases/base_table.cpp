#include "memory/knowledge/bases/base_table.h"

#include "memory/knowledge/index/index_file.h"
#include "runtime/telemetry/log.h"

#include <utility>

namespace troupe::memory {

BaseTable::BaseTable(BaseImage::Services services)
    : services_(std::move(services)), nursery_(services_.threads.loop) {}

std::shared_ptr<BaseImage> BaseTable::image(const BaseKey& key) {
  Entry& entry = images_[key];
  entry.used = ++calls_;
  if (entry.image) return entry.image;
  entry.image = std::make_shared<BaseImage>(services_, key);
  if (const auto known = preferred_.find(key.name); known != preferred_.end())
    entry.image->prefer(known->second);
  return entry.image;
}

void BaseTable::prefer(const std::string& name, const IndexSettings& index) {
  preferred_[name] = index;
  for (const auto& [key, entry] : images_)
    if (key.name == name) entry.image->prefer(index);
}

Task<> BaseTable::keep(const BaseKey& key, BaseImage& image) {
  if (auto saved = co_await image.save(); !saved)
    log::warn("an index was not kept", {{"knowledge", key.name}, {"error", saved.error().message}});
}

std::size_t BaseTable::bytes() const {
  std::size_t bytes = 0;
  for (const auto& [key, entry] : images_) bytes += kEntry + entry.image->bytes();
  return bytes;
}

BaseTable::Images::iterator BaseTable::oldest() {
  auto oldest = images_.end();
  for (auto one = images_.begin(); one != images_.end(); ++one) {
    const BaseImage& image = *one->second.image;
    if (one->second.image.use_count() > 1 || image.updating() || one->second.used == calls_) continue;
    if (oldest == images_.end() || one->second.used < oldest->second.used) oldest = one;
  }
  return oldest;
}

void BaseTable::trim() {
  for (std::size_t taken = bytes(); taken > memory_;) {
    const auto entry = oldest();
    if (entry == images_.end()) return;
    taken -= kEntry + entry->second.image->bytes();
    let_go(entry);
  }
}

void BaseTable::let_go(Images::iterator entry) {
  // Who searches it now gets another.
  auto end = [key = entry->first, image = std::move(entry->second.image)]() -> Task<> {
    co_await keep(key, *image);
    co_await image->close();
  };
  images_.erase(entry);
  nursery_.spawn("a base that goes", std::move(end));
}

Task<> BaseTable::save() {
  const auto images = images_;  // a search may add one meanwhile
  for (const auto& [key, entry] : images) co_await keep(key, *entry.image);
}

Task<> BaseTable::forget(BaseKey key, std::int64_t id) {
  co_await nursery_.join();  // one that goes writes the file
  if (!services_.folder.empty()) remove_index_file(index_file(services_.folder, id));
  if (const auto known = images_.find(key); known != images_.end()) {
    const auto image = known->second.image;
    co_await image->forget();
  }
}

Task<> BaseTable::close() {
  co_await nursery_.join();
  const auto images = images_;
  for (const auto& [key, entry] : images) co_await entry.image->close();
}

}  // namespace troupe::memory
