#pragma once

#include "models/cache/reply_cache.h"
#include "models/limits.h"
#include "runtime/base/clock.h"

#include <cstddef>
#include <list>
#include <string_view>
#include <unordered_map>

namespace troupe::models {

/// Replies in memory. Where there are too many or they are too large, those go that were not used longest.
class MemoryCache final : public ReplyCache {
 public:
  /// `clock` outlives the cache.
  explicit MemoryCache(const Clock& clock, std::size_t bytes_max = 0,
                       std::size_t replies_max = limits::kCachedReplies)
      : clock_(clock), bytes_max_(bytes_max), replies_max_(replies_max) {}

  Task<std::shared_ptr<const ModelReply>> get(std::string key, std::chrono::milliseconds ttl,
                                              Stop& stop) override;
  void put(const std::string& key, std::shared_ptr<const ModelReply> reply,
           std::chrono::milliseconds ttl) override;
  void resize(std::size_t bytes_max) override;

  std::size_t size() const { return by_key_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    std::shared_ptr<const ModelReply> reply;
    std::size_t bytes = 0;
    Instant put;
    Instant ends;
  };
  using Entries = std::list<Entry>;

  void remove(Entries::iterator entry);
  void make_room();

  const Clock& clock_;
  std::size_t bytes_max_;
  const std::size_t replies_max_;
  std::size_t bytes_ = 0;
  Entries entries_;  // the one used last in front
  std::unordered_map<std::string_view, Entries::iterator> by_key_;
};

}  // namespace troupe::models
