#include "memory/knowledge/bases/base_table.h"

#include "runtime/telemetry/log.h"

namespace troupe::memory {

std::shared_ptr<BaseImage> BaseTable::image(const BaseKey& key) {
  auto& image = images_[key];
  if (!image) image = std::make_shared<BaseImage>(services_, key);
  return image;
}

Task<> BaseTable::save() {
  const auto images = images_;  // a search may add one meanwhile
  for (const auto& [key, image] : images)
    if (auto saved = co_await image->save(); !saved)
      log::warn("an index was not kept", {{"knowledge", key.name}, {"error", saved.error().message}});
}

Task<> BaseTable::forget(BaseKey key) {
  if (const auto known = images_.find(key); known != images_.end()) {
    const auto image = known->second;
    co_await image->forget();
  }
}

Task<> BaseTable::close() {
  const auto images = images_;
  for (const auto& [key, image] : images) co_await image->close();
}

}  // namespace troupe::memory
