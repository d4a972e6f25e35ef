#include "models/cache/sqlite_cache.h"

#include "models/cache/reply_text.h"

namespace troupe::models {

Task<std::shared_ptr<const ModelReply>> SqliteCache::get(std::string key, std::chrono::milliseconds ttl,
                                                         Stop& stop) {
  auto text = co_await file_.get(std::move(key), ttl, stop);
  if (!text) co_return nullptr;
  auto reply = reply_from_text(*text);
  if (!reply) co_return nullptr;
  co_return std::make_shared<const ModelReply>(std::move(*reply));
}

void SqliteCache::put(const std::string& key, std::shared_ptr<const ModelReply> reply,
                      std::chrono::milliseconds ttl) {
  file_.put(key, reply_to_text(*reply), ttl);
}

}  // namespace troupe::models
