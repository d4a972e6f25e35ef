#include "memory/knowledge/bases/base_table.h"

#include "runtime/telemetry/log.h"

#include <unistd.h>

namespace troupe::memory {

std::shared_ptr<BaseImage> BaseTable::image(const BaseKey& key) {
  auto& image = images_[key];
  if (image) return image;
  image = std::make_shared<BaseImage>(services_, key);
  if (const auto known = preferred_.find(key.name); known != preferred_.end()) image->prefer(known->second);
  return image;
}

void BaseTable::prefer(const std::string& name, const IndexSettings& index) {
  preferred_[name] = index;
  for (const auto& [key, image] : images_)
    if (key.name == name) image->prefer(index);
}

Task<> BaseTable::save() {
  const auto images = images_;  // a search may add one meanwhile
  for (const auto& [key, image] : images)
    if (auto saved = co_await image->save(); !saved)
      log::warn("an index was not kept", {{"knowledge", key.name}, {"error", saved.error().message}});
}

Task<> BaseTable::forget(BaseKey key, std::int64_t id) {
  if (!services_.folder.empty()) ::unlink(index_file(services_.folder, id).c_str());
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
