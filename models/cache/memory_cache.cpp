#include "models/cache/memory_cache.h"

#include "models/cache/reply_size.h"

namespace troupe::models {

Task<std::shared_ptr<const ModelReply>> MemoryCache::get(std::string key, std::chrono::milliseconds ttl,
                                                         Stop&) {
  auto known = by_key_.find(key);
  if (known == by_key_.end()) co_return nullptr;
  const auto entry = known->second;
  const Instant now = clock_.now();
  if (now >= entry->ends) {
    remove(entry);
    co_return nullptr;
  }
  if (now - entry->put >= ttl) co_return nullptr;
  entries_.splice(entries_.begin(), entries_, entry);
  co_return entry->reply;
}

void MemoryCache::put(const std::string& key, std::shared_ptr<const ModelReply> reply,
                      std::chrono::milliseconds ttl) {
  if (auto known = by_key_.find(key); known != by_key_.end()) remove(known->second);
  const Instant now = clock_.now();
  const std::size_t bytes = key.size() + reply_size(*reply);
  if (bytes > bytes_max_) return;  // rather than everything else
  entries_.push_front({key, std::move(reply), bytes, now, now + ttl});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += bytes;
  make_room();
}

void MemoryCache::resize(std::size_t bytes_max) {
  bytes_max_ = bytes_max;
  make_room();
}

void MemoryCache::remove(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

void MemoryCache::make_room() {
  while (!entries_.empty() && (bytes_ > bytes_max_ || entries_.size() > replies_max_))
    remove(std::prev(entries_.end()));
}

}  // namespace troupe::models
