#pragma once

#include "models/cache/reply_cache.h"
#include "runtime/store/cache_file.h"

namespace troupe::models {

/// Replies in a file, which outlive the process. See store::CacheFile for what becomes of a file that cannot
/// be used.
class SqliteCache final : public ReplyCache {
 public:
  /// `loop` outlives the cache. The file is opened when it is first needed.
  SqliteCache(Loop& loop, std::string file, std::size_t bytes_max = 0,
              std::chrono::milliseconds wait = limits::kCacheWait)
      : file_(loop, std::move(file), bytes_max, wait) {}

  Task<std::shared_ptr<const ModelReply>> get(std::string key, std::chrono::milliseconds ttl,
                                              Stop& stop) override;
  void put(const std::string& key, std::shared_ptr<const ModelReply> reply,
           std::chrono::milliseconds ttl) override;
  void resize(std::size_t bytes_max) override { file_.resize(bytes_max); }

 private:
  store::CacheFile file_;
};

}  // namespace troupe::models
