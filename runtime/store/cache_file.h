#pragma once

#include "runtime/async/loop.h"
#include "runtime/async/stop.h"
#include "runtime/async/task.h"
#include "runtime/store/limits.h"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace troupe::store {

/// A CacheTable with a thread of its own, for the loop: it waits for the disk no longer than
/// limits::kCacheWait, and not at all while an earlier wait was in vain; and nothing that happens to the file
/// is anybody's error. A file that is damaged or not ours is set aside (FILE.set-aside) with a warning and
/// begun anew; where the disk is full or fails, there is no cache for limits::kCacheRest, with one line in
/// the log. The file is opened when it is first needed. Loop thread. The caller holds the lock of the store
/// the file is in.
class CacheFile {
 public:
  CacheFile(Loop& loop, std::string file, std::size_t bytes_max,
            std::chrono::milliseconds wait = limits::kCacheWait);
  /// Writes what was put, and ends the thread.
  ~CacheFile();
  CacheFile(const CacheFile&) = delete;
  CacheFile& operator=(const CacheFile&) = delete;

  /// See CacheTable::get(). Nothing also when the file is slow, cannot be used, or `stop` comes first.
  Task<std::optional<std::string>> get(std::string key, std::chrono::milliseconds ttl, Stop& stop);
  /// Puts a text, soon. It is dropped when so many wait that the disk cannot follow.
  void put(std::string key, std::string value, std::chrono::milliseconds ttl);
  /// How much the file may hold from now on.
  void resize(std::size_t bytes_max);

 private:
  class Keeper;
  Loop& loop_;
  const std::chrono::milliseconds wait_;
  std::shared_ptr<std::size_t> overdue_;  // reads that were given up and are not answered yet
  std::unique_ptr<Keeper> keeper_;
};

}  // namespace troupe::store
