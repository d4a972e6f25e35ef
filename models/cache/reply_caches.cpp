#include "models/cache/reply_caches.h"

#include "models/cache/cached_model.h"
#include "models/cache/reply_key.h"

#include <algorithm>

namespace troupe::models {

void ReplyCaches::resize(const std::vector<ModelSettings>& models) {
  std::size_t memory = 0, sqlite = 0;
  for (const ModelSettings& model : models) {
    if (model.cache.type == "memory") memory = std::max(memory, model.cache.size);
    if (model.cache.type == "sqlite") sqlite = std::max(sqlite, model.cache.size);
  }
  memory_.resize(memory);
  // What the file holds stays for a configuration that wants it again.
  if (sqlite > 0) sqlite_.resize(sqlite);
}

std::shared_ptr<Model> ReplyCaches::around(std::shared_ptr<Model> model, const ModelSettings& settings,
                                           const ModelSettings* played, std::string_view version) {
  const CacheSettings& cache = settings.cache;
  if (cache.type == "none") return model;
  ReplyCache& kept = cache.type == "memory" ? static_cast<ReplyCache&>(memory_) : sqlite_;
  std::string identity = model_identity(settings);
  if (played) identity += model_identity(*played);
  identity += version;
  return std::make_shared<CachedModel>(std::move(model), std::move(identity), cache.ttl, kept, flights_);
}

}  // namespace troupe::models
