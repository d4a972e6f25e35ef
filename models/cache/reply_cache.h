#pragma once

#include "models/message.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace troupe::models {

/// Replies by key, which may be lost at any time: a cache fails by having nothing. Loop thread only.
class ReplyCache {
 public:
  virtual ~ReplyCache() = default;
  /// The reply that was put under `key` less than `ttl` ago; nothing also when `stop` is requested first.
  virtual Task<std::shared_ptr<const ModelReply>> get(std::string key, std::chrono::milliseconds ttl,
                                                      Stop& stop) = 0;
  /// Puts a reply, which ends after `ttl` for everybody.
  virtual void put(const std::string& key, std::shared_ptr<const ModelReply> reply,
                   std::chrono::milliseconds ttl) = 0;
  /// How many bytes it may hold from now on.
  virtual void resize(std::size_t bytes_max) = 0;
};

}  // namespace troupe::models
