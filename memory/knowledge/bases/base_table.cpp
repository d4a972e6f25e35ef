#include "memory/knowledge/bases/base_table.h"

#include "runtime/telemetry/log.h"

#include <unistd.h>
#include <utility>

namespace troupe::memory {

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

Task<> BaseTable::trim() {
  while (images_.size() > kImages) {
    auto oldest = images_.end();
    for (auto one = images_.begin(); one != images_.end(); ++one)
      if (one->second.image.use_count() == 1 &&
          (oldest == images_.end() || one->second.used < oldest->second.used))
        oldest = one;
    if (oldest == images_.end()) co_return;
    const BaseKey key = oldest->first;
    const auto image = std::move(oldest->second.image);
    images_.erase(oldest);  // who searches it now gets another
    co_await keep(key, *image);
    co_await image->close();
  }
}

Task<> BaseTable::save() {
  const auto images = images_;  // a search may add one meanwhile
  for (const auto& [key, entry] : images) co_await keep(key, *entry.image);
}

Task<> BaseTable::forget(BaseKey key, std::int64_t id) {
  if (!services_.folder.empty()) ::unlink(index_file(services_.folder, id).c_str());
  if (const auto known = images_.find(key); known != images_.end()) {
    const auto image = known->second.image;
    co_await image->forget();
  }
}

Task<> BaseTable::close() {
  const auto images = images_;
  for (const auto& [key, entry] : images) co_await entry.image->close();
}

}  // namespace troupe::memory
